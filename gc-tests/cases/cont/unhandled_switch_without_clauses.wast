;; A switch that no resume handles is a trap, on the initial stack and on
;; others.
(module
  (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
  (tag $swap) (tag $other)
  (func $nothing (type $f))
  (func $body (type $f) (drop (switch $k $swap (cont.new $k (ref.func $nothing)))))
  (elem declare func $nothing $body)
  (func (export "initial") (call $body (ref.null $k)))
  (func (export "no clause") (resume $k (ref.null $k) (cont.new $k (ref.func $body))))
  (func (export "other clause")
    (resume $k (on $other switch) (ref.null $k) (cont.new $k (ref.func $body)))))
(assert_suspension (invoke "initial") "unhandled tag")
(assert_suspension (invoke "no clause") "unhandled tag")
(assert_suspension (invoke "other clause") "unhandled tag")
