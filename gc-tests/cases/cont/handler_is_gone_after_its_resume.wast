;; Clauses hold for one resume: a later one without them does not handle the
;; tag.
(module
  (type $f (func))
  (type $k (cont $f))
  (tag $e)
  (func $body (suspend $e) (suspend $e))
  (elem declare func $body)
  (func (export "run")
    (local $k (ref null $k))
    (block $h (result (ref $k))
      (resume $k (on $e $h) (cont.new $k (ref.func $body)))
      (unreachable))
    (local.set $k)
    (resume $k (local.get $k))))
(assert_suspension (invoke "run") "unhandled tag")
