;; A tail call in a function that is compiled into another one: what the function had is gone when
;; the tail call collects, and what its caller needs is there.
;; config: --opt-level inline
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $look (param $x (ref $s))
    (drop (struct.get $s 0 (local.get $x))))
  (func $last (call $gc))
  (func $tail (param $y (ref $s))
    (call $look (local.get $y))
    (return_call $last))
  (func (export "run") (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (call $tail (struct.new $s (i32.const 2)))
    (call $look (ref.as_non_null (local.get $x)))))

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: $last at 0x47 (inlined_tail_call.wat:10)
;;     inlined into $tail at 0x50 (inlined_tail_call.wat:13)
;;     inlined into func 4 (export "run") at 0x64 (inlined_tail_call.wat:16)
;;     fp-40 (local 0 $x of func 4 (export "run"))  ref  $s @0x1000
