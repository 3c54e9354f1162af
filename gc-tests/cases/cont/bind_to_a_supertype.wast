;; bind may forget more than arguments: the new type's result may be a
;; supertype, its parameters subtypes.
(module
  (type $s (struct (field i32)))
  (type $f (func (param i32 anyref) (result (ref $s)))) (type $k (cont $f))
  (type $g (func (param (ref null $s)) (result anyref))) (type $kg (cont $g))
  (func $body (type $f)
    (struct.new $s (i32.add (local.get 0) (ref.is_null (local.get 1)))))
  (elem declare func $body)
  (func (export "run") (result i32)
    (struct.get $s 0 (ref.cast (ref $s)
      (resume $kg (ref.null $s) (cont.bind $k $kg (i32.const 6) (cont.new $k
        (ref.func $body))))))))
(assert_return (invoke "run") (i32.const 7))
