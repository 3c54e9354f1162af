;; A nullable local is made non-null right before each resume of a loop. (An
;; engine's optimiser gave up on this.)
(module
  (type $f (func))
  (type $k (cont $f))
  (tag $yield (param i32))
  (func $three
    (suspend $yield (i32.const 1)) (suspend $yield (i32.const 2)) (suspend $yield
      (i32.const 3)))
  (elem declare func $three)
  (func (export "run") (result i32)
    (local $k (ref null $k)) (local $sum i32)
    (local.set $k (cont.new $k (ref.func $three)))
    (loop $next
      (block $yielded (result i32 (ref $k))
        (resume $k (on $yield $yielded) (ref.as_non_null (local.get $k)))
        (return (local.get $sum)))
      (local.set $k)
      (local.set $sum (i32.add (local.get $sum)))
      (br $next))
    (unreachable)))
(assert_return (invoke "run") (i32.const 6))
