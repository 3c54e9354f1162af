;; A continuation holds an object in its frame, and the object holds the continuation. A global
;; refers to the object: both are there, once.
;; config: --continuations-in-objects trace
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (type $box (struct (field $k (mut (ref null $k)))))
  (global $g (mut (ref null $box)) (ref.null $box))
  (func $body (local $b (ref null $box))
    (local.set $b (global.get $g))
    (suspend $pause)
    (drop (struct.get $box $k (local.get $b))))
  (func $paused (param $of (ref $f)) (result (ref $k))
    (block $on (result (ref $k))
      (resume $k (on $pause $on) (cont.new $k (local.get $of)))
      (unreachable)))
  (elem declare func $body)
  (func (export "run")
    (global.set $g (struct.new $box (ref.null $k)))
    (struct.set $box $k (global.get $g) (call $paused (ref.func $body)))
    (call $gc)))

;; expected:
;; 2 roots, 2 continuations, 5 frames; 1 object reachable, 24 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $g  ref  $box @0x1000
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x61 (ring_in_reach.wat:15)
;;     fp-64 (local 0 $b)  ref  $box @0x1000
