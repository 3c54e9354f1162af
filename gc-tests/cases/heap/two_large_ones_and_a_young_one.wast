;; Two large objects are made between two collections, and a young one is stored into the first.
(module
  (type $box (struct (field i32))) (type $filler (array i8))
  (type $array (array (mut (ref null $box))))
  ;; Uses the young space up three times over.
  (func $churn (local $i i32)
    (loop $next
      (drop (array.new_default $filler (i32.const 8000)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 400)))))
  (func $young (result (ref null $box)) (struct.new $box (i32.const 42)))
  (func (export "run") (result i32)
    (local $x (ref null $array)) (local $y (ref null $array))
    (call $churn)
    (local.set $x (array.new_default $array (i32.const 20000)))
    (local.set $y (array.new $array (call $young) (i32.const 30000)))
    (array.set $array (local.get $x) (i32.const 9) (call $young))
    (call $churn)
    (i32.div_u
      (i32.add
        (struct.get $box 0 (array.get $array (local.get $x) (i32.const 9)))
        (struct.get $box 0 (array.get $array (local.get $y) (i32.const 29999))))
      (i32.const 2))))
(assert_return (invoke "run") (i32.const 42))
