;; nocont is below every continuation type and has null only; types that are
;; not declared to be subtypes are none, though their functions be.
(module
  (type $f (func)) (type $k (cont $f))
  (func (export "run") (result i32)
    (local $k (ref null $k)) (local $any contref)
    (local.set $k (ref.null nocont))
    (local.set $any (local.get $k))
    (i32.add (ref.is_null (local.get $k)) (ref.is_null (local.get $any)))))
(assert_return (invoke "run") (i32.const 2))
(assert_invalid
  (module
    (type $f (sub (func (result anyref)))) (type $k (sub (cont $f)))
    (type $g (sub $f (func (result eqref)))) (type $kg (cont $g))
    (func (param (ref $kg)) (result (ref $k)) (local.get 0)))
  "type mismatch")
(assert_invalid
  (module (type $f (func)) (type $k (cont $f)) (func (param contref) (result
    (ref null $k)) (local.get 0)))
  "type mismatch")
(assert_invalid
  (module (func (param contref) (result anyref) (local.get 0)))
  "type mismatch")
