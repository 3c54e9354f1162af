;; A suspension in the middle of an expression: operands to its left are kept,
;; those to its right come after it.
(module
  (type $f (func (result i32))) (type $k (cont $f))
  (type $g (func (param i32) (result i32))) (type $kg (cont $g))
  (tag $ask (param i32) (result i32))
  (func $body (type $f)
    (i32.add (i32.const 1000)
      (i32.sub
        (i32.mul (suspend $ask (i32.const 1)) (suspend $ask (i32.const 2)))
        (suspend $ask (suspend $ask (i32.const 3))))))
  (elem declare func $body)
  (func (export "run") (result i32)
    (local $k (ref null $kg)) (local $n i32)
    (block $asked (result i32 (ref $kg))
      (return (resume $k (on $ask $asked) (cont.new $k (ref.func $body)))))
    (loop $asked (param i32 (ref $kg)) (result i32)
      (local.set $k) (local.set $n)
      (resume $kg (on $ask $asked) (i32.add (local.get $n) (i32.const 10))
        (local.get $k)))))
;; 1000 + 11 * 12 - 23
(assert_return (invoke "run") (i32.const 1109))
