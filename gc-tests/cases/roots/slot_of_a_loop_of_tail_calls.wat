;; A thousand tail calls leave one frame: one root, and of the thousand objects the last.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func $again (param $n i32) (param $x (ref $s))
    (if (local.get $n)
      (then (return_call $again (i32.sub (local.get $n) (i32.const 1)) (call $make (local.get $n)))))
    (call $gc)
    (call $use (local.get $x)))
  (func (export "run")
    (call $again (i32.const 1000) (call $make (i32.const 0)))))

;; expected:
;; 1 root, 1 continuation, 4 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: $again at 0x64 (slot_of_a_loop_of_tail_calls.wat:12)
;;     fp-24 (local 1 $x)  ref  $s @0x2f40
