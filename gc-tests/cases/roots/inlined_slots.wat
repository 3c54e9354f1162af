;; $inner is compiled into the function that calls it: one frame, whose slots say whose they are.
;; Both objects are needed after the collection.
;; config: --opt-level inline
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $inner (param $y (ref $s))
    (call $gc)
    (drop (struct.get $s 0 (local.get $y))))
  (func (export "run") (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (call $inner (struct.new $s (i32.const 2)))
    (drop (struct.get $s 0 (local.get $x)))))

;; expected:
;; 2 roots, 1 continuation, 3 frames; 2 objects reachable, 16 bytes
;;
;; continuation 1 of func 2 (export "run"), running
;;   frame 1: $inner at 0x3b (inlined_slots.wat:9)
;;     inlined into func 2 (export "run") at 0x56 (inlined_slots.wat:13)
;;     fp-48 (local 0 $y)                           ref  $s @0x1008
;;     fp-56 (local 0 $x of func 2 (export "run"))  ref  $s @0x1000
