;; A suspension that no resume handles is a trap where it happens, on the
;; initial stack and on others.
(module
  (type $f (func))
  (type $k (cont $f))
  (tag $e)
  (tag $other)
  (func $body (suspend $e))
  (elem declare func $body)
  (func (export "initial") (suspend $e))
  (func (export "no clause") (resume $k (cont.new $k (ref.func $body))))
  (func (export "other clause")
    (block $h (result (ref $k))
      (resume $k (on $other $h) (cont.new $k (ref.func $body)))
      (return))
    (drop)))
(assert_suspension (invoke "initial") "unhandled tag")
(assert_suspension (invoke "no clause") "unhandled tag")
(assert_suspension (invoke "other clause") "unhandled tag")
