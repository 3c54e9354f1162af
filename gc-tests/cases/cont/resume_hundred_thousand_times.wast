;; One continuation is left and entered a hundred thousand times.
;; only: default, unoptimised
(module
  (type $f (func))
  (type $k (cont $f))
  (tag $turn)
  (func $forever (loop $again (suspend $turn) (br $again)))
  (elem declare func $forever)
  (func (export "run") (result i32)
    (local $n i32) (local $k (ref null $k))
    (local.set $k (cont.new $k (ref.func $forever)))
    (loop $again
      (block $turned (result (ref $k))
        (resume $k (on $turn $turned) (local.get $k))
        (unreachable))
      (local.set $k)
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 100000))))
    (local.get $n)))
(assert_return (invoke "run") (i32.const 100000))
