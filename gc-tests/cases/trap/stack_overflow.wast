;; A continuation's stack ends at a guard: running into it traps, however often,
;; and the store goes on.
;; config: --stack-size 4K
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func))
  (type $k (cont $f))
  (func $forever (call $forever) (call $forever))
  (elem declare func $forever)
  (func (export "initial") (call $forever))
  (func (export "inner") (resume $k (cont.new $k (ref.func $forever))))
  (func (export "live") (result i64) (call $live)))
(assert_exhaustion (invoke "initial") "call stack exhausted")
(assert_exhaustion (invoke "inner") "call stack exhausted")
(assert_exhaustion (invoke "inner") "call stack exhausted")
(assert_return (invoke "live") (i64.const 0))
