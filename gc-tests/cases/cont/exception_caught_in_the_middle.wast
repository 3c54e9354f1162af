;; Of a chain of continuations the one with the handler goes on; those inside
;; it are gone, those outside of it never notice.
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func (result i64))) (type $k (cont $f))
  (tag $oops)
  (func $leaf (type $f) (throw $oops))
  (func $inner (type $f) (resume $k (cont.new $k (ref.func $leaf))))
  (func $middle (type $f)
    (block $caught
      (try_table (catch $oops $caught)
        (return (resume $k (cont.new $k (ref.func $inner)))))
      (unreachable))
    (call $live))
  (func $outer (type $f) (resume $k (cont.new $k (ref.func $middle))))
  (elem declare func $leaf $inner $middle $outer)
  (func (export "run") (result i64) (resume $k (cont.new $k (ref.func $outer)))))
(assert_return (invoke "run") (i64.const 2))
