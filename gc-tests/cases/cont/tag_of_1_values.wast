;; A suspension with one value each way: the payload comes out in its order,
;; what resume gives comes back in its order.
(module
  (type $f (func (result i32)))
  (type $k (cont $f))
  (type $g (func (param i32) (result i32)))
  (type $kg (cont $g))
  (tag $e (param i32) (result i32))
  (func $body (type $f)
    (suspend $e (i32.const 1)))
  (elem declare func $body)
  (global $k (mut (ref null $kg)) (ref.null $kg))
  (func (export "out") (result i32)
    (block $h (result i32 (ref $kg))
      (resume $k (on $e $h) (cont.new $k (ref.func $body)))
      (unreachable))
    (global.set $k))
  (func (export "back") (result i32)
    (resume $kg
      (i32.const 101) (global.get $k))))
(assert_return (invoke "out")
  (i32.const 1))
(assert_return (invoke "back")
  (i32.const 101))
