;; The same, parked: the frame has moved, and says what it did.
;; config: --park-after 0 --park-keep 0 --opt-level inline
;; roots --invoke run --at gc:2
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (func $paused (param $of (ref $f)) (result (ref $k))
    (block $on (result (ref $k))
      (resume $k (on $pause $on) (cont.new $k (local.get $of)))
      (unreachable)))
  (func $pauses (param $y (ref $s))
    (suspend $pause)
    (drop (struct.get $s 0 (local.get $y))))
  (func $body (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (call $pauses (struct.new $s (i32.const 2)))
    (drop (struct.get $s 0 (local.get $x))))
  (elem declare func $body)
  (global $g (mut (ref null $k)) (ref.null $k))
  (func (export "run")
    (global.set $g (call $paused (ref.func $body)))
    (call $gc) (call $gc)))

;; expected:
;; 3 roots, 2 continuations, 5 frames; 2 objects reachable, 16 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $g  cont  continuation 2 of $body
;;
;; continuation 2 of $body, suspended, parked
;;   frame 0: $pauses at 0x6d (inlined_parked.wat:15)
;;     inlined into $body at 0x88 (inlined_parked.wat:19)
;;     fp-72 (local 0 $y)           ref  $s @0x41003000
;;     fp-80 (local 0 $x of $body)  ref  $s @0x41003008
