;; A local holds a continuation over calls and collections, and is null to
;; begin with.
(module
  (import "mangrove" "gc" (func $gc))
  (type $f (func (result i32)))
  (type $k (cont $f))
  (func $body (result i32) (i32.const 5))
  (elem declare func $body)
  (func (export "run") (result i32 i32)
    (local $k (ref null $k))
    (ref.is_null (local.get $k))
    (drop (local.tee $k (cont.new $k (ref.func $body))))
    (call $gc)
    (resume $k (local.get $k))))
(assert_return (invoke "run") (i32.const 1) (i32.const 5))
