;; A continuation hands out values one at a time and goes on where it stopped.
(module
  (type $f (func))
  (type $k (cont $f))
  (tag $yield (param i32))
  (func $count
    (local $n i32)
    (loop $next
      (suspend $yield (local.tee $n (i32.add (local.get $n) (i32.const 1))))
      (br_if $next (i32.lt_u (local.get $n) (i32.const 10)))))
  (elem declare func $count)
  (func (export "sum") (result i32)
    (local $k (ref null $k))
    (local $sum i32)
    (local.set $k (cont.new $k (ref.func $count)))
    (loop $more
      (block $got (result i32 (ref $k))
        (resume $k (on $yield $got) (local.get $k))
        (return (local.get $sum)))
      (local.set $k)
      (local.set $sum (i32.add (local.get $sum)))
      (br $more))
    (unreachable)))
(assert_return (invoke "sum") (i32.const 55))
