;; A resume without clauses hands over parameters and takes results, like a
;; call.
(module
  (type $f (func (param i32 i64) (result i64 i32)))
  (type $k (cont $f))
  (func $swap (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
  (elem declare func $swap)
  (func (export "run") (param i32 i64) (result i64 i32)
    (resume $k (local.get 0) (local.get 1) (cont.new $k (ref.func $swap)))))
(assert_return (invoke "run" (i32.const 3) (i64.const 4)) (i64.const 4) (i32.const 3))
