;; A suspension in the code at a clause's label is not handled by that clause's
;; resume, but by the next one out.
(module
  (type $f (func))
  (type $k (cont $f))
  (tag $e (param i32))
  (func $inner (suspend $e (i32.const 1)))
  (func $outer
    (block $h (result i32 (ref $k))
      (resume $k (on $e $h) (cont.new $k (ref.func $inner)))
      (return))
    (drop)
    (i32.add (i32.const 10))
    (suspend $e))
  (elem declare func $inner $outer)
  (func (export "run") (result i32)
    (block $h (result i32 (ref $k))
      (resume $k (on $e $h) (cont.new $k (ref.func $outer)))
      (return (i32.const -1)))
    (drop)))
(assert_return (invoke "run") (i32.const 11))
