;; The innermost of ten continuations runs out of its own stack: each has one
;; of its own, and depth in a chain takes none of it.
;; config: --stack-size 4K
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func (param i32 i32) (result i32))) (type $k (cont $f))
  (func $calls (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $calls (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))
  (func $down (type $f)
    (if (result i32) (local.get 0)
      (then (i32.add (call $calls (i32.const 50))
        (resume $k (i32.sub (local.get 0) (i32.const 1)) (local.get 1)
          (cont.new $k (ref.func $down)))))
      (else (call $calls (local.get 1)))))
  (elem declare func $down)
  (func (export "run") (param i32) (result i32) (call $down (i32.const 10) (local.get 0)))
  (func (export "live") (result i64) (call $live)))
(assert_return (invoke "run" (i32.const 50)) (i32.const 550))
(assert_exhaustion (invoke "run" (i32.const -1)) "call stack exhausted")
(assert_return (invoke "live") (i64.const 0))
(assert_return (invoke "run" (i32.const 50)) (i32.const 550))
