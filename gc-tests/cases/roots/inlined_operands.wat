;; Operands of the caller lie below those of the function that is compiled into it, and stay roots.
;; config: --opt-level inline
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $look (param $x (ref $s))
    (drop (struct.get $s 0 (local.get $x))))
  (func $two (param $a (ref $s)) (param $b (ref $s))
    (call $look (local.get $a))
    (call $look (local.get $b)))
  (func $inner (result (ref $s))
    (struct.new $s (i32.const 3))
    (call $gc))
  (func (export "run")
    (struct.new $s (i32.const 1))
    (struct.new $s (i32.const 2))
    (call $inner)
    (call $look)
    (call $two)))

;; expected:
;; 3 roots, 1 continuation, 3 frames; 3 objects reachable, 24 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: $inner at 0x63 (inlined_operands.wat:14)
;;     inlined into func 4 (export "run") at 0x72 (inlined_operands.wat:18)
;;     fp-40 (operand 0)                           ref  $s @0x1010
;;     fp-48 (operand 1 of func 4 (export "run"))  ref  $s @0x1008
;;     fp-56 (operand 0 of func 4 (export "run"))  ref  $s @0x1000
