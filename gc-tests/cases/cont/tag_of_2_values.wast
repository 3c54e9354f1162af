;; A suspension with two values each way: the payload comes out in its order,
;; what resume gives comes back in its order.
(module
  (type $f (func (result i32 i64)))
  (type $k (cont $f))
  (type $g (func (param i32 i64) (result i32 i64)))
  (type $kg (cont $g))
  (tag $e (param i32 i64) (result i32 i64))
  (func $body (type $f)
    (suspend $e (i32.const 1) (i64.const 2)))
  (elem declare func $body)
  (global $k (mut (ref null $kg)) (ref.null $kg))
  (func (export "out") (result i32 i64)
    (block $h (result i32 i64 (ref $kg))
      (resume $k (on $e $h) (cont.new $k (ref.func $body)))
      (unreachable))
    (global.set $k))
  (func (export "back") (result i32 i64)
    (resume $kg
      (i32.const 101) (i64.const 102) (global.get $k))))
(assert_return (invoke "out")
  (i32.const 1) (i64.const 2))
(assert_return (invoke "back")
  (i32.const 101) (i64.const 102))
