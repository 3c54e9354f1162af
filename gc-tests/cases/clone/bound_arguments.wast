;; Bound arguments are bound to the clone as well, references among them, which follow their
;; objects in both.
;; config: --continuation-clone
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "minor" (func $minor))
  (type $box (struct (field $value (mut i32))))
  (type $f (func (param i32 (ref $box) i32) (result i32))) (type $k (cont $f))
  (type $g (func (param i32) (result i32))) (type $kg (cont $g))
  (import "mangrove" "clone_cont" (func $clone (param (ref null $kg)) (result (ref $kg))))
  (func $sum (type $f)
    (i32.add (local.get 0)
      (i32.add (struct.get $box $value (local.get 1)) (local.get 2))))
  (elem declare func $sum)
  (global $first (mut (ref null $kg)) (ref.null $kg))
  (global $second (mut (ref null $kg)) (ref.null $kg))
  (func (export "young") (result i32 i32) (local $box (ref $box))
    (local.set $box (struct.new $box (i32.const 20)))
    (global.set $first
      (cont.bind $k $kg (i32.const 1) (local.get $box) (cont.new $k (ref.func $sum))))
    (global.set $second (call $clone (global.get $first)))
    (call $minor)
    (struct.set $box $value (local.get $box) (i32.const 30))
    (call $gc)
    (resume $kg (i32.const 100) (global.get $first))
    (resume $kg (i32.const 200) (global.get $second)))
  ;; Clean when it is cloned: its arguments are old.
  (func (export "old") (result i32 i32)
    (global.set $first
      (cont.bind $k $kg (i32.const 1) (struct.new $box (i32.const 20))
        (cont.new $k (ref.func $sum))))
    (call $minor)
    (global.set $second (call $clone (global.get $first)))
    (call $minor)
    (resume $kg (i32.const 100) (global.get $second))
    (call $gc)
    (resume $kg (i32.const 200) (global.get $first))))
(assert_return (invoke "young") (i32.const 131) (i32.const 231))
(assert_return (invoke "old") (i32.const 121) (i32.const 221))
