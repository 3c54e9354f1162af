;; An object keeps its type when it moves.
(module
  (import "mangrove" "gc" (func $gc))
  (type $a (sub (struct (field i32))))
  (type $b (sub $a (struct (field i32) (field i32))))
  (func (export "run") (result i32 i32 i32)
    (local $x (ref null any)) (local $y (ref null any))
    (local.set $x (struct.new $a (i32.const 1)))
    (local.set $y (struct.new $b (i32.const 2) (i32.const 3)))
    (call $gc)
    (ref.test (ref $b) (local.get $x))
    (ref.test (ref $a) (local.get $y))
    (struct.get $b 1 (ref.cast (ref $b) (local.get $y)))))
(assert_return (invoke "run") (i32.const 0) (i32.const 1) (i32.const 3))
