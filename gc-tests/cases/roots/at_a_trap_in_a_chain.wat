;; At a trap in the inner of two continuations nothing has been taken down: the slots of the
;; outer one and of the caller, and in the frame that trapped, those of its last call.
;; roots --invoke run --at trap
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (func $fail (unreachable))
  (func $inner (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 3)))
    (call $fail)
    (drop (struct.get $s 0 (local.get $x))))
  (func $outer (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 2)))
    (resume $k (cont.new $k (ref.func $inner)))
    (drop (struct.get $s 0 (local.get $x))))
  (elem declare func $inner $outer)
  (func (export "run") (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (resume $k (cont.new $k (ref.func $outer)))
    (drop (struct.get $s 0 (local.get $x)))))

;; expected:
;; 3 roots, 3 continuations, 6 frames; 3 objects reachable, 24 bytes
;;
;; continuation 3 of $inner, running
;;   frame 0: $inner at 0x55 (at_a_trap_in_a_chain.wat:13)
;;     fp-32 (local 0 $x)  ref  $s @0x1010
;;
;; continuation 2 of $outer, parent
;;   frame 0: $outer at 0x6f (at_a_trap_in_a_chain.wat:17)
;;     fp-64 (local 0 $x)  ref  $s @0x1008
;;
;; continuation 1 of func 4 (export "run"), parent
;;   frame 0: func 4 (export "run") at 0x8a (at_a_trap_in_a_chain.wat:22)
;;     fp-64 (local 0 $x)  ref  $s @0x1000
