;; An exception that nobody catches ends all continuations it left, and the
;; call; the store goes on.
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func)) (type $k (cont $f))
  (tag $oops)
  (func $leaf (type $f) (throw $oops))
  (func $outer (type $f) (resume $k (cont.new $k (ref.func $leaf))))
  (elem declare func $leaf $outer)
  (func (export "run") (resume $k (cont.new $k (ref.func $outer))))
  (func (export "live") (result i64) (call $live)))
(assert_exception (invoke "run"))
(assert_return (invoke "live") (i64.const 0))
(assert_exception (invoke "run"))
