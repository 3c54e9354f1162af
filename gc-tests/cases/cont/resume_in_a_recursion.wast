;; A function that resumes a continuation of itself, over calls and
;; continuations in turn: the Fibonacci numbers.
(module
  (type $f (func (param i32) (result i32))) (type $k (cont $f))
  (func $fib (type $f)
    (if (i32.lt_u (local.get 0) (i32.const 2)) (then (return (local.get 0))))
    (i32.add
      (resume $k (i32.sub (local.get 0) (i32.const 1)) (cont.new $k (ref.func $fib)))
      (call $fib (i32.sub (local.get 0) (i32.const 2)))))
  (elem declare func $fib)
  (func (export "run") (param i32) (result i32) (call $fib (local.get 0))))
(assert_return (invoke "run" (i32.const 10)) (i32.const 55))
