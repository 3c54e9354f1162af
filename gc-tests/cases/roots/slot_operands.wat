;; Three operands wait below a call: three slots, three objects. The number between them is
;; no root.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func (export "run")
    (call $make (i32.const 1)) (call $make (i32.const 2)) (i32.const 7) (call $make (i32.const 3))
    (call $gc)
    (call $use) (drop) (call $use) (call $use)))

;; expected:
;; 3 roots, 1 continuation, 3 frames; 3 objects reachable, 24 bytes
;;
;; continuation 1 of func 3 (export "run"), running
;;   frame 1: func 3 (export "run") at 0x5b (slot_operands.wat:12)
;;     fp-24 (operand 3)  ref  $s @0x1010
;;     fp-32 (operand 1)  ref  $s @0x1008
;;     fp-40 (operand 0)  ref  $s @0x1000
