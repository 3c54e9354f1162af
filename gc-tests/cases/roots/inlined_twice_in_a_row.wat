;; The first call of $inner is over at the collection in the second: what its local held is gone,
;; though the two are the same function in the same frame.
;; config: --opt-level inline
;; roots --invoke run --at gc:2
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $inner (param $y (ref $s))
    (call $gc)
    (drop (struct.get $s 0 (local.get $y))))
  (func (export "run")
    (call $inner (struct.new $s (i32.const 1)))
    (call $inner (struct.new $s (i32.const 2)))))

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 2 (export "run"), running
;;   frame 1: $inner at 0x3b (inlined_twice_in_a_row.wat:9)
;;     inlined into func 2 (export "run") at 0x53 (inlined_twice_in_a_row.wat:13)
;;     fp-56 (local 0 $y)  ref  $s @0x1000
