;; A continuation may be made of a function of the host: it runs on the host's
;; stack as ever, and its return is the continuation's.
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (import "mangrove" "gc" (func $gc))
  (import "spectest" "print_i32" (func $print (param i32)))
  (type $count (func (result i64)))
  (type $kcount (cont $count))
  (type $f (func))
  (type $k (cont $f))
  (type $p (func (param i32)))
  (type $kp (cont $p))
  (elem declare func $live $gc $print)
  (func (export "run") (result i64)
    (resume $k (cont.new $k (ref.func $gc)))
    (resume $kp (i32.const 7) (cont.new $kp (ref.func $print)))
    (resume $kcount (cont.new $kcount (ref.func $live))))
  (func (export "live") (result i64) (call $live)))
;; While it runs it is alive itself.
(assert_return (invoke "live") (i64.const 0))
(assert_return (invoke "run") (i64.const 1))
(assert_return (invoke "live") (i64.const 0))
