;; A function that calls itself is compiled into itself once: every second call is a frame, and
;; each frame has the slots of two calls.
;; config: --opt-level inline
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $down (param $n i32) (param $x (ref $s))
    (if (local.get $n)
      (then (call $down (i32.sub (local.get $n) (i32.const 1)) (local.get $x)))
      (else (call $gc)))
    (drop (struct.get $s 0 (local.get $x))))
  (func (export "run")
    (call $down (i32.const 3) (struct.new $s (i32.const 1)))))

;; expected:
;; 3 roots, 1 continuation, 5 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 2 (export "run"), running
;;   frame 1: $down at 0x4a (inlined_into_itself.wat:11)
;;     fp-24 (local 1 $x)  ref  $s @0x1000
;;   frame 2: $down at 0x47 (inlined_into_itself.wat:10)
;;     inlined into $down at 0x47 (inlined_into_itself.wat:10)
;;     fp-24 (local 1 $x of $down, local 1 $x)  ref  $s @0x1000
;;   frame 3: $down at 0x47 (inlined_into_itself.wat:10)
;;     inlined into func 2 (export "run") at 0x5e (inlined_into_itself.wat:14)
;;     fp-24 (local 1 $x)  ref  $s @0x1000
