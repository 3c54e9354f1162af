;; table.grow keeps what the table holds and fills the new places with one
;; continuation, which is still used once only.
(module
  (import "mangrove" "gc" (func $gc))
  (type $f (func (result i32)))
  (type $k (cont $f))
  (table $t 1 (ref null $k))
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (elem declare func $one $two)
  (func (export "grow") (result i32 i32)
    (table.set $t (i32.const 0) (cont.new $k (ref.func $one)))
    (table.grow $t (cont.new $k (ref.func $two)) (i32.const 1000))
    (call $gc)
    (table.size $t))
  (func (export "resume") (param i32) (result i32) (resume $k (table.get $t
    (local.get 0)))))
(assert_return (invoke "grow") (i32.const 1) (i32.const 1001))
(assert_return (invoke "resume" (i32.const 0)) (i32.const 1))
(assert_return (invoke "resume" (i32.const 1000)) (i32.const 2))
(assert_trap (invoke "resume" (i32.const 1)) "continuation already consumed")
