;; A continuation runs when it is resumed, not when it is made.
(module
  (type $f (func))
  (type $k (cont $f))
  (global $ran (mut i32) (i32.const 0))
  (func $body (global.set $ran (i32.add (global.get $ran) (i32.const 1))))
  (elem declare func $body)
  (func (export "run") (result i32 i32)
    (local $k (ref null $k))
    (local.set $k (cont.new $k (ref.func $body)))
    (global.get $ran)
    (resume $k (local.get $k))
    (global.get $ran)))
(assert_return (invoke "run") (i32.const 0) (i32.const 1))
