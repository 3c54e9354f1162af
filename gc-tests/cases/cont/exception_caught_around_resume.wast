;; An exception that leaves a continuation arrives where it was resumed; the
;; continuation is gone at that moment.
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func)) (type $k (cont $f))
  (tag $oops (param i32))
  (func $body (type $f) (throw $oops (i32.const 4)))
  (elem declare func $body)
  (func (export "run") (result i32 i64)
    (block $caught (result i32)
      (try_table (catch $oops $caught) (resume $k (cont.new $k (ref.func $body))))
      (unreachable))
    (call $live)))
(assert_return (invoke "run") (i32.const 4) (i64.const 0))
