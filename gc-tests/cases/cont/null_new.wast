;; A continuation cannot be made of null, and the attempt leaves nothing
;; behind.
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func))
  (type $k (cont $f))
  (func $new (param $f (ref null $f)) (drop (cont.new $k (local.get $f))))
  (func (export "run") (call $new (ref.null $f)))
  (func (export "live") (result i64) (call $live)))
(assert_trap (invoke "run") "null function reference")
(assert_return (invoke "live") (i64.const 0))
