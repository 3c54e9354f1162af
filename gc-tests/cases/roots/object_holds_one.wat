;; A struct in a global holds a suspended continuation: the global is a root, the field is none,
;; and the slot of the continuation that is reached through it is one.
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
  (func $body (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (suspend $pause)
    (drop (struct.get $s 0 (local.get $x))))
  (func $paused (param $of (ref $f)) (result (ref $k))
    (block $on (result (ref $k))
      (resume $k (on $pause $on) (cont.new $k (local.get $of)))
      (unreachable)))
  (elem declare func $body)
  (func (export "run")
    (global.set $g (struct.new $box (call $paused (ref.func $body))))
    (call $gc)))

;; expected:
;; 2 roots, 2 continuations, 5 frames; 2 objects reachable, 32 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $g  ref  $box @0x1008
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x64 (object_holds_one.wat:15)
;;     fp-64 (local 0 $x)  ref  $s @0x1000
