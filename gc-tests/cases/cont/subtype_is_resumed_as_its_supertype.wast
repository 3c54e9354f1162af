;; A continuation of a declared subtype passes where its supertype is wanted,
;; and is resumed, bound and thrown into as that.
(module
  (type $f (sub (func (result anyref)))) (type $k (sub (cont $f)))
  (type $g (sub $f (func (result eqref)))) (type $kg (sub $k (cont $g)))
  (tag $cancel)
  (func $body (type $g) (ref.i31 (i32.const 5)))
  (elem declare func $body)
  (func $resume (param $k (ref $k)) (result i32)
    (i31.get_s (ref.cast (ref i31) (resume $k (cont.bind $k $k (local.get $k))))))
  (func (export "resume") (result i32) (call $resume (cont.new $kg (ref.func $body))))
  (func $throw (param $k (ref $k)) (drop (resume_throw $k $cancel (local.get $k))))
  (func (export "throw") (call $throw (cont.new $kg (ref.func $body)))))
(assert_return (invoke "resume") (i32.const 5))
(assert_exception (invoke "throw"))
