;; A continuation resumes another, which returns to it and not past it.
(module
  (type $f (func (result i32)))
  (type $k (cont $f))
  (func $inner (result i32) (i32.const 1))
  (func $outer (result i32)
    (i32.mul (i32.const 10) (resume $k (cont.new $k (ref.func $inner)))))
  (elem declare func $inner $outer)
  (func (export "run") (result i32)
    (i32.add (i32.const 3) (resume $k (cont.new $k (ref.func $outer))))))
(assert_return (invoke "run") (i32.const 13))
