;; The running continuation has no reference that is good: the one it was
;; resumed through is consumed.
(module
  (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
  (tag $swap)
  (global $self (mut (ref null $k)) (ref.null $k))
  (func $body (type $f) (drop (switch $k $swap (global.get $self))))
  (elem declare func $body)
  (func (export "run")
    (global.set $self (cont.new $k (ref.func $body)))
    (resume $k (on $swap switch) (ref.null $k) (global.get $self))))
(assert_trap (invoke "run") "continuation already consumed")
