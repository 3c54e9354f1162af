;; What a block leaves on the operands is a root like any other operand.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func $either (param $c i32)
    (if (result (ref $s)) (local.get $c)
      (then (call $make (i32.const 1)))
      (else (call $make (i32.const 2))))
    (call $gc)
    (call $use))
  (func (export "run")
    (call $either (i32.const 1))))

;; expected:
;; 1 root, 1 continuation, 4 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: $either at 0x61 (slot_out_of_a_block.wat:13)
;;     fp-24 (operand 0)  ref  $s @0x1000
