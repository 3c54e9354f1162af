;; A clause's label may take more than the tag gives: payload and continuation
;; by their supertypes.
(module
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $e (param (ref $s)))
  (func $body (suspend $e (struct.new $s (i32.const 6))))
  (elem declare func $body)
  (func (export "run") (result i32)
    (local $k (ref null $k))
    (block $h (result anyref (ref null $k))
      (resume $k (on $e $h) (cont.new $k (ref.func $body)))
      (unreachable))
    (local.set $k)
    (struct.get $s 0 (ref.cast (ref $s)))
    (resume $k (local.get $k))))
(assert_return (invoke "run") (i32.const 6))
