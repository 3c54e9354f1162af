;; A frame that has made a tail call is gone, with all it held. What the callee was given is
;; in the callee's frame, and the caller's caller has its own.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func $last (param $x (ref $s))
    (call $gc)
    (call $use (local.get $x)))
  (func $tail (param $x (ref $s)) (param $lost (ref $s))
    (call $use (local.get $lost))
    (return_call $last (local.get $x)))
  (func (export "run") (local $x (ref null $s))
    (local.set $x (call $make (i32.const 1)))
    (call $tail (call $make (i32.const 2)) (call $make (i32.const 3)))
    (call $use (local.get $x))))

;; expected:
;; 2 roots, 1 continuation, 4 frames; 2 objects reachable, 16 bytes
;;
;; continuation 1 of func 5 (export "run"), running
;;   frame 1: $last at 0x5b (slot_after_a_tail_call.wat:11)
;;     fp-24 (local 0 $x)  ref  $s @0x1008
;;   frame 2: func 5 (export "run") at 0x80 (slot_after_a_tail_call.wat:18)
;;     fp-32 (local 0 $x)  ref  $s @0x1000
