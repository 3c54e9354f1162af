;; Frames that were called through a table and through a reference are frames like others: each
;; caller has the object it will use in a slot, and the callee too.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $g (func (param (ref $s))))
  (table $t funcref (elem $inner))
  (func $use (param (ref null $s)))
  (func $inner (type $g) (param $x (ref $s))
    (call $gc)
    (call $use (local.get $x)))
  (func $outer (type $g) (param $x (ref $s))
    (call_indirect (type $g) (struct.new $s (i32.const 3)) (i32.const 0))
    (call $use (local.get $x)))
  (elem declare func $outer)
  (func (export "run") (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (call_ref $g (struct.new $s (i32.const 2)) (ref.func $outer))
    (call $use (local.get $x))))

;; expected:
;; 3 roots, 1 continuation, 5 frames; 3 objects reachable, 24 bytes
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: $inner at 0x5b (slot_through_a_reference.wat:11)
;;     fp-24 (local 0 $x)  ref  $s @0x1010
;;   frame 2: $outer at 0x6b (slot_through_a_reference.wat:14)
;;     fp-24 (local 0 $x)  ref  $s @0x1008
;;   frame 3: func 4 (export "run") at 0x86 (slot_through_a_reference.wat:19)
;;     fp-40 (local 0 $x)  ref  $s @0x1000
;;
;; outside of stacks
;;   table 0 $t
;;     [0]    $inner
