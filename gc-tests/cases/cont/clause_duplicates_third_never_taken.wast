;; Three clauses for one tag, at every suspension of a continuation: always the
;; first.
(module
  (type $f (func))
  (type $k (cont $f))
  (tag $e)
  (func $body (suspend $e) (suspend $e) (suspend $e))
  (elem declare func $body)
  (func (export "run") (result i32)
    (local $k (ref null $k)) (local $n i32)
    (local.set $k (cont.new $k (ref.func $body)))
    (loop $again
      (block $third (result (ref $k))
        (block $second (result (ref $k))
          (block $first (result (ref $k))
            (resume $k (on $e $first) (on $e $second) (on $e $third) (local.get $k))
            (return (local.get $n)))
          (local.set $k)
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br $again))
        (unreachable))
      (unreachable))
    (unreachable)))
(assert_return (invoke "run") (i32.const 3))
