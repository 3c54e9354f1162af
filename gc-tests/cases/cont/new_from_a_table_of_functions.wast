;; What a continuation is made of is known only as it runs: a function from a
;; table.
(module
  (type $f (func (result i32)))
  (type $k (cont $f))
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (table $functions (ref null $f) (elem (ref.func $one) (ref.func $two) (ref.null $f)))
  (func (export "run") (param $at i32) (result i32)
    (resume $k (cont.new $k (table.get $functions (local.get $at))))))
(assert_return (invoke "run" (i32.const 0)) (i32.const 1))
(assert_return (invoke "run" (i32.const 1)) (i32.const 2))
(assert_trap (invoke "run" (i32.const 2)) "null function reference")
(assert_trap (invoke "run" (i32.const 3)) "out of bounds table access")
(assert_return (invoke "run" (i32.const 1)) (i32.const 2))
