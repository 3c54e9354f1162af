;; A hundred thousand tail calls in a row fit a continuation's smallest stack.
;; only: default, unoptimised
;; config: --stack-size 4K
(module
  (type $f (func (param i32 i64) (result i64))) (type $k (cont $f))
  (func $even (type $f)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $odd (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1)
      (i64.const 2))))
  (func $odd (type $f)
    (if (i32.eqz (local.get 0)) (then (return (i64.const -1))))
    (return_call $even (i32.sub (local.get 0) (i32.const 1)) (local.get 1)))
  (elem declare func $even)
  (func (export "run") (result i64)
    (resume $k (i32.const 100000) (i64.const 0) (cont.new $k (ref.func $even)))))
(assert_return (invoke "run") (i64.const 100000))
