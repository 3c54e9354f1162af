;; Two modules that write down the same types in their own words mean the same
;; types: continuations go from one to the other.
(module
  (rec (type $f (func (param i32 (ref null $k)) (result i32))) (type $k (cont $f)))
  (func $body (type $f) (i32.add (local.get 0) (ref.is_null (local.get 1))))
  (elem declare func $body)
  (func (export "new") (result (ref $k)) (cont.new $k (ref.func $body))))
(register "maker")
(module
  (type $unrelated (func (result f32)))
  (rec
    (type $function (func (param i32 (ref null $continuation)) (result i32)))
    (type $continuation (cont $function)))
  (func $new (import "maker" "new") (result (ref $continuation)))
  (func (export "run") (result i32)
    (resume $continuation (i32.const 6) (ref.null $continuation) (call $new))))
(assert_return (invoke "run") (i32.const 7))
(assert_unlinkable
  (module
    (type $f (func (param i32) (result i32)))
    (type $k (cont $f))
    (func $new (import "maker" "new") (result (ref $k))))
  "incompatible import type")
