;; The trap is in a function that was compiled into another one, which was called: the frame below
;; has the object that it needs; the one that traps needs nothing any more.
;; config: --opt-level inline
;; roots --invoke run --at trap
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $fail (param $y (ref null $s))
    (drop (struct.get $s 0 (local.get $y))))
  (func $calls (param $x (ref $s)) (result i32)
    (call $fail (ref.null $s))
    (struct.get $s 0 (local.get $x)))
  (type $t (func (param (ref $s)) (result i32)))
  (table funcref (elem $calls))
  (func (export "run") (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (drop (call_indirect (type $t) (struct.new $s (i32.const 2)) (i32.const 0)))
    (drop (struct.get $s 0 (local.get $x)))))

;; expected:
;; 1 root, 1 continuation, 2 frames; 1 object reachable, 8 bytes
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; continuation 1 of func 3 (export "run"), running
;;   frame 0: func 3 (export "run") at 0x7c (inlined_at_a_trap.wat:17)
;;     fp-40 (local 0 $x)  ref  $s @0x1000
;;
;; outside of stacks
;;   table 0
;;     [0]    $calls
