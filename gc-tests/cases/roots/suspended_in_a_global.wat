;; A suspended continuation in a global: the global, and the slot of its frame.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
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
  (global $g (mut (ref null $k)) (ref.null $k))
  (func (export "run")
    (global.set $g (call $paused (ref.func $body)))
    (call $gc)))

;; expected:
;; 2 roots, 2 continuations, 5 frames; 1 object reachable, 8 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $g  cont  continuation 2 of $body
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x5f (suspended_in_a_global.wat:11)
;;     fp-64 (local 0 $x)  ref  $s @0x1000
