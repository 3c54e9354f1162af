;; A local of a function that is called in a loop is zero in each call.
(module
  (func $once (param $n i32) (result i32) (local $l i32)
    (if (i32.eqz (local.get $l)) (then (local.set $l (i32.add (local.get $l) (local.get $n)))))
    (local.get $l))
  (func (export "sum") (param $n i32) (result i32) (local $sum i32)
    (loop $more
      (local.set $sum (i32.add (local.get $sum) (call $once (local.get $n))))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $more (local.get $n)))
    (local.get $sum)))
(assert_return (invoke "sum" (i32.const 4)) (i32.const 10))
