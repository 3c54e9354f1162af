;; What resume passes in is what suspend returns: here a running total.
(module
  (type $f (func (param i32) (result i32)))
  (type $k (cont $f))
  (tag $ask (param i32) (result i32))
  (func $total (param $n i32) (result i32)
    (loop $more
      (local.set $n (i32.add (local.get $n) (suspend $ask (local.get $n))))
      (br_if $more (i32.lt_s (local.get $n) (i32.const 100))))
    (local.get $n))
  (elem declare func $total)
  (func (export "run") (result i32)
    (local $k (ref null $k))
    (local $asked i32)
    (local.set $k (cont.new $k (ref.func $total)))
    (local.set $asked (i32.const 1))
    (loop $more
      (block $ask (result i32 (ref $k))
        (return (resume $k (on $ask $ask) (local.get $asked) (local.get $k))))
      (local.set $k)
      (local.set $asked)
      (br $more))
    (unreachable)))
;; 1, 2, 4, … each answer is what was asked with.
(assert_return (invoke "run") (i32.const 128))
