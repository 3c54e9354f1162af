;; A clone has frames of its own, so a slot of its own, and the object in it is the same one:
;; two continuations, two slots in them, one object.
;; config: --continuation-clone
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (import "mangrove" "clone_cont" (func $clone (param (ref null $k)) (result (ref null $k))))
  (tag $pause)
  (func $body (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (suspend $pause)
    (drop (struct.get $s 0 (local.get $x))))
  (func $paused (param $of (ref $f)) (result (ref $k))
    (block $on (result (ref $k))
      (resume $k (on $pause $on) (cont.new $k (local.get $of)))
      (unreachable)))
  (elem declare func $body)
  (global $first (mut (ref null $k)) (ref.null $k))
  (global $second (mut (ref null $k)) (ref.null $k))
  (func (export "run")
    (global.set $first (call $paused (ref.func $body)))
    (global.set $second (call $clone (global.get $first)))
    (call $gc)))

;; expected:
;; 4 roots, 3 continuations, 7 frames; 1 object reachable, 8 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $first   cont  continuation 2 of $body
;;     global 1 $second  cont  continuation 3 of $body
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x82 (clone_shares_objects.wat:14)
;;     fp-64 (local 0 $x)  ref  $s @0x1000
;;
;; continuation 3 of $body, suspended, parked
;;   frame 0: $body at 0x82 (clone_shares_objects.wat:14)
;;     fp-64 (local 0 $x)  ref  $s @0x1000
