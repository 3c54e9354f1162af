;; A tail call from a continuation to another instance's function, which
;; suspends with a tag of its own that the first instance handles.
(module
  (tag $pause (export "p") (result i32))
  (func (export "ask") (result i32) (suspend $pause)))
(register "asker")
(module
  (tag $pause (import "asker" "p") (result i32))
  (func $ask (import "asker" "ask") (result i32))
  (type $f (func (result i32))) (type $k (cont $f))
  (type $g (func (param i32) (result i32))) (type $kg (cont $g))
  (func $body (type $f) (return_call $ask))
  (elem declare func $body)
  (func (export "run") (result i32)
    (local $k (ref null $kg))
    (block $paused (result (ref $kg))
      (return (resume $k (on $pause $paused) (cont.new $k (ref.func $body)))))
    (local.set $k)
    (resume $kg (i32.const 8) (local.get $k))))
(assert_return (invoke "run") (i32.const 8))
