;; return_call_ref in a continuation, with a reference that resume handed in.
(module
  (type $f (func (param i32) (result i32)))
  (type $g (func (param (ref null $f)) (result i32))) (type $k (cont $g))
  (func $double (type $f) (i32.mul (local.get 0) (i32.const 2)))
  (func $body (type $g) (return_call_ref $f (i32.const 21) (local.get 0)))
  (elem declare func $double $body)
  (func (export "run") (result i32)
    (resume $k (ref.func $double) (cont.new $k (ref.func $body))))
  (func (export "null") (result i32)
    (resume $k (ref.null $f) (cont.new $k (ref.func $body)))))
(assert_return (invoke "run") (i32.const 42))
(assert_trap (invoke "null") "null function reference")
