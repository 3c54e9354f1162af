;; A trap a thousand continuations deep frees all of them, again and again. (An
;; engine freed stacks twice.)
;; only: default, unoptimised
;; config: --stack-size 4K --continuations-max 1100
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func (param i32))) (type $k (cont $f))
  (func $down (type $f)
    (if (i32.eqz (local.get 0)) (then (unreachable)))
    (resume $k (i32.sub (local.get 0) (i32.const 1)) (cont.new $k (ref.func $down))))
  (elem declare func $down)
  (func (export "run") (call $down (i32.const 1000)))
  (func (export "live") (result i64) (call $live)))
(assert_trap (invoke "run") "unreachable")
(assert_return (invoke "live") (i64.const 0))
(assert_trap (invoke "run") "unreachable")
(assert_return (invoke "live") (i64.const 0))
(assert_trap (invoke "run") "unreachable")
