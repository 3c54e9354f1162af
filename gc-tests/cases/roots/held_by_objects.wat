;; What only objects hold is live, and its frames' slots are roots.
;; config: --continuations-in-objects trace
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $f (func)) (type $k (cont $f))
  (type $s (struct (field i32)))
  (type $box (struct (field $next (ref null $box)) (field $k (ref null $k))))
  (tag $pause)
  (global $g (mut (ref null $box)) (ref.null $box))
  (func $body (type $f)
    (local $s (ref $s))
    (local.set $s (struct.new $s (i32.const 1)))
    (suspend $pause)
    (drop (struct.get $s 0 (local.get $s))))
  (elem declare func $body)
  (func $paused (result (ref $k))
    (block $at (result (ref $k))
      (resume $k (on $pause $at) (cont.new $k (ref.func $body)))
      (unreachable)))
  (func (export "run")
    (global.set $g (struct.new $box (ref.null $box) (call $paused)))
    (global.set $g (struct.new $box (global.get $g) (call $paused)))
    (call $gc)))

;; expected:
;; 3 roots, 3 continuations, 7 frames; 4 objects reachable, 64 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $g  ref  $box @0x1028
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x65 (held_by_objects.wat:14)
;;     fp-64 (local 0 $s)  ref  $s @0x1000
;;
;; continuation 3 of $body, suspended
;;   frame 0: $body at 0x65 (held_by_objects.wat:14)
;;     fp-64 (local 0 $s)  ref  $s @0x1020
