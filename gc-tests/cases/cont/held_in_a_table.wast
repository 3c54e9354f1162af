;; table.set and table.get take continuations in and out; beyond the table's
;; size they trap.
(module
  (type $f (func (result i32)))
  (type $k (cont $f))
  (table $t 3 (ref null $k))
  (func $body (result i32) (i32.const 6))
  (elem declare func $body)
  (func (export "set") (param i32) (table.set $t (local.get 0) (cont.new $k
    (ref.func $body))))
  (func (export "resume") (param i32) (result i32) (resume $k (table.get $t
    (local.get 0)))))
(invoke "set" (i32.const 2))
(assert_trap (invoke "resume" (i32.const 1)) "null continuation reference")
(assert_return (invoke "resume" (i32.const 2)) (i32.const 6))
(assert_trap (invoke "resume" (i32.const 2)) "continuation already consumed")
(assert_trap (invoke "set" (i32.const 3)) "out of bounds table access")
(assert_trap (invoke "resume" (i32.const -1)) "out of bounds table access")
