;; Three frames of one function, each with the object it was given: three slots, the innermost
;; frame first. The fourth, which collects, has none.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func $down (param $n i32) (param $x (ref $s))
    (if (local.get $n)
      (then (call $down (i32.sub (local.get $n) (i32.const 1)) (call $make (local.get $n))))
      (else (call $gc) (return)))
    (call $use (local.get $x)))
  (func (export "run")
    (call $down (i32.const 3) (call $make (i32.const 4)))))

;; expected:
;; 3 roots, 1 continuation, 7 frames; 3 objects reachable, 24 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 2: $down at 0x61 (slot_in_each_frame.wat:12)
;;     fp-24 (local 1 $x)  ref  $s @0x1010
;;   frame 3: $down at 0x61 (slot_in_each_frame.wat:12)
;;     fp-24 (local 1 $x)  ref  $s @0x1008
;;   frame 4: $down at 0x61 (slot_in_each_frame.wat:12)
;;     fp-24 (local 1 $x)  ref  $s @0x1000
