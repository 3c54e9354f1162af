;; `clone_cont` has any type from a continuation to one of the same type: nullable or not, of
;; a type in a group, a supertype as the result, or of no type in particular. And no other.
;; config: --continuation-clone
(module
  (type $f (func (result i32))) (type $k (cont $f))
  (rec (type $g (func (param (ref null $kg)))) (type $kg (cont $g)))
  (type $open (sub (func (result i32)))) (type $super (sub (cont $open)))
  (type $sub (sub $super (cont $open)))
  (import "mangrove" "clone_cont" (func (param (ref null $k)) (result (ref $k))))
  (import "mangrove" "clone_cont" (func (param (ref $k)) (result (ref $k))))
  (import "mangrove" "clone_cont" (func $nullable (param (ref $k)) (result (ref null $k))))
  (import "mangrove" "clone_cont" (func (param (ref $kg)) (result (ref $kg))))
  (import "mangrove" "clone_cont" (func (param (ref $sub)) (result (ref $super))))
  (import "mangrove" "clone_cont" (func (param (ref $k)) (result (ref cont))))
  (import "mangrove" "clone_cont" (func (param contref) (result (ref cont))))
  (func $one (type $f) (i32.const 1))
  (elem declare func $one)
  (export "clone" (func $nullable))
  (func (export "run") (result i32)
    (resume $k (call $nullable (cont.new $k (ref.func $one))))))
(assert_return (invoke "run") (i32.const 1))
(assert_unlinkable
  (module (import "mangrove" "clone_cont" (func)))
  "incompatible import type")
(assert_unlinkable
  (module (import "mangrove" "clone_cont" (func (param funcref) (result funcref))))
  "incompatible import type")
(assert_unlinkable
  (module
    (type $f (func)) (type $k (cont $f)) (type $g (func (param i32))) (type $j (cont $g))
    (import "mangrove" "clone_cont" (func (param (ref $k)) (result (ref $j)))))
  "incompatible import type")
(assert_unlinkable
  (module
    (type $f (func)) (type $k (cont $f))
    (import "mangrove" "clone_cont" (func (param contref) (result (ref $k)))))
  "incompatible import type")
(assert_unlinkable
  (module
    (type $f (func)) (type $k (cont $f))
    (import "mangrove" "clone_cont" (func (param (ref $k) i32) (result (ref $k)))))
  "incompatible import type")
(assert_unlinkable
  (module
    (type $f (func)) (type $k (cont $f))
    (import "mangrove" "clone_cont" (global (mut (ref null $k)))))
  "incompatible import type")
