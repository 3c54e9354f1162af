;; An exception caught in the continuation it is thrown in is nobody else's
;; business.
(module
  (type $f (func (result i32))) (type $k (cont $f))
  (tag $oops (param i32))
  (func $body (type $f)
    (block $caught (result i32)
      (try_table (catch $oops $caught) (throw $oops (i32.const 4)))
      (unreachable)))
  (elem declare func $body)
  (func (export "run") (result i32)
    (block $caught (result i32)
      (try_table (result i32) (catch $oops $caught)
        (i32.add (i32.const 10) (resume $k (cont.new $k (ref.func $body))))))))
(assert_return (invoke "run") (i32.const 14))
