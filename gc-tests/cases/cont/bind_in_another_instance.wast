;; What one instance binds another may resume: the argument's type is what
;; counts.
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func (param (ref $s) i32) (result i32))) (type $k (cont $f))
  (type $f1 (func (param i32) (result i32))) (type $k1 (cont $f1))
  (func $add (type $f) (call $gc) (i32.add (struct.get $s 0 (local.get 0)) (local.get 1)))
  (elem declare func $add)
  (func (export "bound") (param i32) (result (ref $k1))
    (cont.bind $k $k1 (struct.new $s (local.get 0)) (cont.new $k (ref.func $add)))))
(register "binder")
(module
  (import "mangrove" "gc" (func $gc))
  (type $f1 (func (param i32) (result i32))) (type $k1 (cont $f1))
  (func $bound (import "binder" "bound") (param i32) (result (ref $k1)))
  (func (export "run") (result i32)
    (local $k (ref null $k1))
    (local.set $k (call $bound (i32.const 40)))
    (call $gc)
    (resume $k1 (i32.const 2) (local.get $k))))
(assert_return (invoke "run") (i32.const 42))
