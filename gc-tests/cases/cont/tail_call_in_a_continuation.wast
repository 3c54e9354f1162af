;; A continuation's function tail-calls another: that one's results are the
;; continuation's.
(module
  (type $f (func (param i32) (result i32))) (type $k (cont $f))
  (func $double (type $f) (i32.mul (local.get 0) (i32.const 2)))
  (func $body (type $f) (return_call $double (i32.add (local.get 0) (i32.const 1))))
  (elem declare func $body)
  (func (export "run") (param i32) (result i32)
    (resume $k (local.get 0) (cont.new $k (ref.func $body)))))
(assert_return (invoke "run" (i32.const 20)) (i32.const 42))
