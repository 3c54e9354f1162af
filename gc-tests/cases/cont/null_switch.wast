;; Switching to null traps, whether or not somebody would handle it.
(module
  (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
  (tag $swap)
  (func $body (type $f) (drop (switch $k $swap (local.get 0))))
  (elem declare func $body)
  (func (export "handled")
    (resume $k (on $swap switch) (ref.null $k) (cont.new $k (ref.func $body))))
  (func (export "unhandled") (call $body (ref.null $k))))
(assert_trap (invoke "handled") "null continuation reference")
(assert_trap (invoke "unhandled") "null continuation reference")
