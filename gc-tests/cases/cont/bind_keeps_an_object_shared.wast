;; A bound object is the same object as the one the program kept: a change is
;; seen.
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field (mut i32))))
  (type $f (func (param (ref $s)) (result i32))) (type $k (cont $f))
  (type $f0 (func (result i32))) (type $k0 (cont $f0))
  (func $read (type $f) (struct.get $s 0 (local.get 0)))
  (elem declare func $read)
  (func (export "run") (result i32)
    (local $s (ref null $s)) (local $k (ref null $k0))
    (local.set $s (struct.new $s (i32.const 1)))
    (local.set $k (cont.bind $k $k0 (ref.as_non_null (local.get $s))
      (cont.new $k (ref.func $read))))
    (call $gc)
    (struct.set $s 0 (local.get $s) (i32.const 2))
    (call $gc)
    (resume $k0 (local.get $k))))
(assert_return (invoke "run") (i32.const 2))
