;; An inlined function whose tail calls go round without end, back into itself.
(module
  (func $even (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then (return_call $odd (i32.sub (local.get $n) (i32.const 1))))
      (else (i32.const 1))))
  (func $odd (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then (return_call $even (i32.sub (local.get $n) (i32.const 1))))
      (else (i32.const 0))))
  (func (export "even") (param $n i32) (result i32)
    (i32.add (call $even (local.get $n)) (call $even (i32.const 0)))))
(assert_return (invoke "even" (i32.const 20000)) (i32.const 2))
(assert_return (invoke "even" (i32.const 20001)) (i32.const 1))
