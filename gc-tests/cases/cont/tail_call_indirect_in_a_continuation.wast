;; return_call_indirect in a continuation, to functions that suspend and
;; return.
(module
  (type $f (func (param i32) (result i32))) (type $k (cont $f))
  (type $g (func (result i32))) (type $kg (cont $g))
  (tag $pause)
  (func $suspends (type $f) (suspend $pause) (i32.add (local.get 0) (i32.const 100)))
  (func $returns (type $f) (local.get 0))
  (table $t funcref (elem $returns $suspends))
  (func $body (type $f) (return_call_indirect $t (type $f) (i32.const 5) (local.get 0)))
  (elem declare func $body)
  (func (export "run") (param i32) (result i32)
    (block $paused (result (ref $kg))
      (return (resume $k (on $pause $paused) (local.get 0) (cont.new $k (ref.func $body)))))
    (resume $kg)))
(assert_return (invoke "run" (i32.const 0)) (i32.const 5))
(assert_return (invoke "run" (i32.const 1)) (i32.const 105))
(assert_trap (invoke "run" (i32.const 2)) "undefined element")
(assert_return (invoke "run" (i32.const 1)) (i32.const 105))
