;; A continuation that runs out of stack ends the call with `call stack
;; exhausted`, and the next call works, on the same stacks.
;; config: --stack-size 4K --continuations-max 3
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func (param i32) (result i32))) (type $k (cont $f))
  (func $down (type $f)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))
  (elem declare func $down)
  (func (export "run") (param i32) (result i32)
    (resume $k (local.get 0) (cont.new $k (ref.func $down))))
  (func (export "live") (result i64) (call $live)))
(assert_exhaustion (invoke "run" (i32.const 1000000)) "call stack exhausted")
(assert_return (invoke "live") (i64.const 0))
(assert_return (invoke "run" (i32.const 20)) (i32.const 20))
(assert_exhaustion (invoke "run" (i32.const -1)) "call stack exhausted")
(assert_return (invoke "run" (i32.const 20)) (i32.const 20))
