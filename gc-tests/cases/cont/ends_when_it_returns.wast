;; A continuation that returns is gone at that moment, not at a collection: its
;; stack serves the next one.
;; config: --continuations-max 2
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func (result i64))) (type $k (cont $f))
  (func $body (type $f) (call $live))
  (elem declare func $body)
  (func (export "run") (result i64 i64 i64)
    (resume $k (cont.new $k (ref.func $body)))
    (resume $k (cont.new $k (ref.func $body)))
    (call $live)))
(assert_return (invoke "run") (i64.const 1) (i64.const 1) (i64.const 0))
