;; At the level at which operands and locals lie in the frame, a local holds what it was given
;; until it is given something else: the first stays a root, though it is not read any more,
;; the second is null again, and so is the home of the operands, of which there is none left.
;; config: --opt-level frame
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func (export "run") (local $x (ref null $s)) (local $y (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (local.set $y (struct.new $s (i32.const 2)))
    (drop (struct.get $s 0 (local.get $x)))
    (drop (struct.get $s 0 (local.get $y)))
    (local.set $y (ref.null $s))
    (call $gc)))

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;; no reference to anything (null, numbers, functions) in 2 more places
;;
;; continuation 1 of func 1 (export "run"), running
;;   frame 1: func 1 (export "run") at 0x58 (slot_at_home.wat:15)
;;     fp-44 (local 1 $y)  ref  null
;;     fp-48 (local 0 $x)  ref  $s @0x1000
;;     fp-52 (operand 0)   ref  null
