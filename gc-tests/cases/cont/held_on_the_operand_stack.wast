;; Continuations that lie on the operand stack over a collection are alive: no
;; variable has to hold them.
(module
  (import "mangrove" "gc" (func $gc))
  (type $f (func (result i32))) (type $k (cont $f))
  (type $g (func (param i32) (result i32))) (type $kg (cont $g))
  (func $same (type $g) (local.get 0))
  (elem declare func $same)
  (func $new (param i32) (result (ref $k))
    (cont.bind $kg $k (local.get 0) (cont.new $kg (ref.func $same))))
  (func $minus (param (ref $k) (ref $k)) (result i32)
    (i32.sub (resume $k (local.get 0)) (resume $k (local.get 1))))
  (func (export "run") (result i32)
    (call $new (i32.const 50))
    (call $gc)
    (call $new (i32.const 8))
    (call $gc)
    (call $minus)))
(assert_return (invoke "run") (i32.const 42))
