;; A function may change its parameters; its caller's locals stay as they are.
(module
  (func $change (param $x i32) (result i32)
    (local.set $x (i32.mul (local.get $x) (i32.const 10)))
    (local.get $x))
  (func (export "run") (param $x i32) (result i32 i32)
    (call $change (local.get $x))
    (local.get $x)))
(assert_return (invoke "run" (i32.const 4)) (i32.const 40) (i32.const 4))
