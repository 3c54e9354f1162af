;; Of a chain each continuation is gone when it returns: the count falls from
;; the inside outwards.
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func (result i64 i64 i64))) (type $k (cont $f))
  (type $g (func (result i64 i64))) (type $kg (cont $g))
  (type $h (func (result i64))) (type $kh (cont $h))
  (func $leaf (type $h) (call $live))
  (func $middle (type $g) (resume $kh (cont.new $kh (ref.func $leaf))) (call $live))
  (func $outer (type $f) (resume $kg (cont.new $kg (ref.func $middle))) (call $live))
  (elem declare func $leaf $middle $outer)
  (func (export "run") (result i64 i64 i64 i64)
    (resume $k (cont.new $k (ref.func $outer)))
    (call $live)))
(assert_return (invoke "run") (i64.const 3) (i64.const 2) (i64.const 1) (i64.const 0))
