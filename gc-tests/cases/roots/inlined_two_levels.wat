;; Three functions in one frame. Each has an object that it needs when the innermost comes back.
;; config: --opt-level inline
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $inner (param $z (ref $s))
    (call $gc)
    (drop (struct.get $s 0 (local.get $z))))
  (func $middle (param $y (ref $s)) (param $z (ref $s))
    (call $inner (local.get $z))
    (drop (struct.get $s 0 (local.get $y))))
  (func (export "run") (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (call $middle (struct.new $s (i32.const 2)) (struct.new $s (i32.const 3)))
    (drop (struct.get $s 0 (local.get $x)))))

;; expected:
;; 3 roots, 1 continuation, 3 frames; 3 objects reachable, 24 bytes
;;
;; continuation 1 of func 3 (export "run"), running
;;   frame 1: $inner at 0x43 (inlined_two_levels.wat:8)
;;     inlined into $middle at 0x51 (inlined_two_levels.wat:11)
;;     inlined into func 3 (export "run") at 0x71 (inlined_two_levels.wat:15)
;;     fp-40 (local 1 $z of $middle, local 0 $z)    ref  $s @0x1010
;;     fp-48 (local 0 $y of $middle)                ref  $s @0x1008
;;     fp-56 (local 0 $x of func 3 (export "run"))  ref  $s @0x1000
