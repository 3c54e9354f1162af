;; An operand that waits for its instruction is a root: the first of two, while the second
;; is being made.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func $collect (result (ref null $s))
    (call $gc)
    (ref.null $s))
  (func $use2 (param (ref null $s)) (param (ref null $s)))
  (func (export "run")
    (call $use2 (call $make (i32.const 1)) (call $collect))))

;; expected:
;; 1 root, 1 continuation, 4 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 5 (export "run"), running
;;   frame 2: func 5 (export "run") at 0x69 (slot_operand.wat:15)
;;     fp-32 (operand 0)  ref  $s @0x1000
