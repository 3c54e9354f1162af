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
;;     global 0 $g  ref   type 3 $box @0x1028
;;
;; continuation 3, suspended
;;   frame 0: func 1 $body at 0x65
;;     fp-64  ref   type 2 $s @0x1020
;;
;; continuation 2, suspended
;;   frame 0: func 1 $body at 0x65
;;     fp-64  ref   type 2 $s @0x1000
