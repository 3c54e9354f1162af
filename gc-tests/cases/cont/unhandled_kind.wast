;; A suspend clause does not handle a switch with its tag, nor a switch clause
;; a suspension.
(module
  (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
  (type $f0 (func))
  (type $k0 (cont $f0))
  (tag $e)
  (func $switch (type $f) (drop (switch $k $e (local.get 0))))
  (func $suspend (type $f) (suspend $e))
  (elem declare func $switch $suspend)
  (func (export "switch")
    (block $h (result (ref $k0))
      (resume $k (on $e $h) (cont.new $k (ref.func $suspend)) (cont.new $k
        (ref.func $switch)))
      (return))
    (drop))
  (func (export "suspend")
    (resume $k (on $e switch) (ref.null $k) (cont.new $k (ref.func $suspend)))))
(assert_suspension (invoke "switch") "unhandled tag")
(assert_suspension (invoke "suspend") "unhandled tag")
