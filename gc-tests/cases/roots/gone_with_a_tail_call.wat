;; The frame of who makes a tail call is gone, with all it held; the one called holds those of
;; its arguments that it needs.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $needed (struct (field i32)))
  (type $unneeded (struct (field i64)))
  (type $own (struct (field f64)))
  (func $last (param $needed (ref $needed)) (param $unneeded (ref $unneeded)) (result i32)
    (call $gc)
    (struct.get $needed 0 (local.get $needed)))
  (func $before (result i32)
    (local $own (ref $own))
    (local.set $own (struct.new $own (f64.const 3)))
    (drop (struct.get $own 0 (local.get $own)))
    (return_call $last (struct.new $needed (i32.const 1)) (struct.new $unneeded (i64.const 2))))
  (func (export "run") (result i32)
    (call $before)))

;; expected:
;; 1 root, 1 continuation, 4 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 3 (export "run"), running
;;   frame 1: $last at 0x4b (gone_with_a_tail_call.wat:10)
;;     fp-24 (local 0 $needed)  ref  $needed @0x1010
