;; resume_throw of null traps: a try_table around it catches nothing.
(module
  (type $f (func))
  (type $k (cont $f))
  (tag $cancel (param i32))
  (func $throw (param $k (ref null $k)) (result i32)
    (block $caught (result i32)
      (try_table (catch $cancel $caught)
        (resume_throw $k $cancel (i32.const 1) (local.get $k)))
      (i32.const 0)))
  (func (export "run") (result i32) (call $throw (ref.null $k))))
(assert_trap (invoke "run") "null continuation reference")
