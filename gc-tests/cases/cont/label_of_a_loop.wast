;; A clause may go to a loop: the payload and the continuation are its
;; parameters.
(module
  (type $f (func))
  (type $k (cont $f))
  (tag $yield (param i32))
  (func $body (suspend $yield (i32.const 3)) (suspend $yield (i32.const 4)))
  (elem declare func $body)
  (func (export "run") (result i32)
    (local $sum i32) (local $k (ref null $k))
    (i32.const 0)
    (cont.new $k (ref.func $body))
    (loop $on_yield (param i32 (ref $k))
      (local.set $k)
      (local.set $sum (i32.add (local.get $sum)))
      (resume $k (on $yield $on_yield) (local.get $k)))
    (local.get $sum)))
(assert_return (invoke "run") (i32.const 7))
