;; A trap in the code at a clause's label: the suspended continuation there is
;; only held by the operand stack, and goes with the next collection.
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func)) (type $k (cont $f))
  (tag $pause)
  (func $body (type $f) (suspend $pause))
  (elem declare func $body)
  (func (export "run")
    (block $paused (result (ref $k))
      (resume $k (on $pause $paused) (cont.new $k (ref.func $body)))
      (unreachable))
    (call $gc)
    (unreachable))
  (func (export "live") (result i64) (call $live))
  (func (export "collected") (result i64) (call $gc) (call $live)))
(assert_trap (invoke "run") "unreachable")
(assert_return (invoke "collected") (i64.const 0))
