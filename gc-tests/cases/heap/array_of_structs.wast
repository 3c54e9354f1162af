;; Everything an array refers to survives with it, in order.
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $a (array (mut (ref null $s))))
  (func (export "run") (result i32)
    (local $a (ref $a)) (local $n i32) (local $sum i32)
    (local.set $a (array.new_default $a (i32.const 100)))
    (loop $fill
      (array.set $a (local.get $a) (local.get $n) (struct.new $s (local.get $n)))
      (br_if $fill (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
        (i32.const 100))))
    (call $gc)
    (loop $read
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (local.set $sum (i32.add
        (i32.mul (local.get $sum) (i32.const 3))
        (struct.get $s 0 (array.get $a (local.get $a) (local.get $n)))))
      (br_if $read (local.get $n)))
    (i32.rem_u (local.get $sum) (i32.const 1000003))))
(assert_return (invoke "run") (i32.const 569449))
