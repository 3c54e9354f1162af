;; Functions that call themselves and each other.
;; config: --initial-stack-size 32K
(module
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add
        (call $fib (i32.sub (local.get $n) (i32.const 1)))
        (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  (func $a (export "a") (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then (i32.add (i32.const 1) (call $b (i32.sub (local.get $n) (i32.const 1)))))
      (else (i32.const 0))))
  (func $b (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then (i32.add (i32.const 10) (call $a (i32.sub (local.get $n) (i32.const 1)))))
      (else (i32.const 0)))))
(assert_return (invoke "fib" (i32.const 13)) (i32.const 233))
(assert_return (invoke "a" (i32.const 7)) (i32.const 34))
(assert_exhaustion (invoke "a" (i32.const 100000000)) "call stack exhausted")
