;; An array of three elements holds two continuations; each has its slot.
;; config: --continuations-in-objects trace
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (type $a (array (mut (ref null $k))))
  (global $g (mut (ref null $a)) (ref.null $a))
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
    (global.set $g (array.new_fixed $a 3
      (call $paused (ref.func $body)) (ref.null $k) (call $paused (ref.func $body))))
    (call $gc)))

;; expected:
;; 3 roots, 3 continuations, 7 frames; 3 objects reachable, 72 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $g  ref  $a @0x1010
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x63 (array_holds_some.wat:14)
;;     fp-64 (local 0 $x)  ref  $s @0x1000
;;
;; continuation 3 of $body, suspended
;;   frame 0: $body at 0x63 (array_holds_some.wat:14)
;;     fp-64 (local 0 $x)  ref  $s @0x1008
