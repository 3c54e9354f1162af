;; A continuation may take and return continuations of its own type, and types
;; may refer to each other in a circle.
(module
  (rec
    (type $f (func (param i32 (ref null $k)) (result (ref null $k))))
    (type $k (cont $f)))
  (rec
    (type $a (func (param (ref null $kb)) (result i32))) (type $ka (cont $a))
    (type $b (func (param (ref null $ka)) (result i32))) (type $kb (cont $b)))
  (global $n (mut i32) (i32.const 0))
  (func $body (type $f)
    (global.set $n (i32.add (global.get $n) (local.get 0)))
    (local.get 1))
  (func $a (type $a)
    (if (ref.is_null (local.get 0)) (then (return (i32.const 1))))
    (i32.add (i32.const 10) (resume $kb (cont.new $ka (ref.func $a)) (local.get 0))))
  (func $b (type $b) (i32.add (i32.const 100) (resume $ka (ref.null $kb) (local.get 0))))
  (elem declare func $body $a $b)
  (func (export "self") (result i32)
    (local $k (ref null $k))
    (local.set $k
      (resume $k (i32.const 1) (cont.new $k (ref.func $body)) (cont.new $k
        (ref.func $body))))
    (drop (resume $k (i32.const 20) (ref.null $k) (local.get $k)))
    (global.get $n))
  (func (export "circle") (result i32)
    (resume $ka (cont.new $kb (ref.func $b)) (cont.new $ka (ref.func $a)))))
(assert_return (invoke "self") (i32.const 21))
(assert_return (invoke "circle") (i32.const 111))
