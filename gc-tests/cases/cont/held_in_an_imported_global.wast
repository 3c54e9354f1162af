;; Two instances share a global with a continuation: one puts it there, the
;; other resumes it.
(module
  (type $f (func (result i32)))
  (type $k (cont $f))
  (global (export "k") (mut (ref null $k)) (ref.null $k)))
(register "shared")
(module
  (type $f (func (result i32)))
  (type $k (cont $f))
  (global $k (import "shared" "k") (mut (ref null $k)))
  (func $body (result i32) (i32.const 6))
  (elem declare func $body)
  (func (export "put") (global.set $k (cont.new $k (ref.func $body)))))
(invoke "put")
(module
  (import "mangrove" "gc" (func $gc))
  (type $f (func (result i32)))
  (type $k (cont $f))
  (global $k (import "shared" "k") (mut (ref null $k)))
  (func (export "take") (result i32) (call $gc) (resume $k (global.get $k))))
(assert_return (invoke "take") (i32.const 6))
(assert_trap (invoke "take") "continuation already consumed")
