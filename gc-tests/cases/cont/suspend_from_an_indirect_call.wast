;; A function that suspends may be called directly, through a table or a
;; reference: each frame waits where it called.
(module
  (type $f (func (param i32) (result i32))) (type $k (cont $f))
  (type $g (func (result i32))) (type $kg (cont $g))
  (tag $pause)
  (func $pauses (type $f) (suspend $pause) (local.get 0))
  (table $t funcref (elem $pauses))
  (func $body (type $f)
    (i32.add (call $pauses (local.get 0))
      (i32.add (call_indirect $t (type $f) (i32.const 20) (i32.const 0))
        (call_ref $f (i32.const 300) (ref.func $pauses)))))
  (elem declare func $body $pauses)
  (func (export "run") (result i32 i32)
    (local $k (ref null $kg)) (local $n i32)
    (local.set $k (cont.bind $k $kg (i32.const 1) (cont.new $k (ref.func $body))))
    (loop $again
      (block $paused (result (ref $kg))
        (return (resume $kg (on $pause $paused) (local.get $k)) (local.get $n)))
      (local.set $k)
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br $again))
    (unreachable)))
(assert_return (invoke "run") (i32.const 321) (i32.const 3))
