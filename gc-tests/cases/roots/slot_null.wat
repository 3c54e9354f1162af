;; A slot that holds null is a root all the same: it is what the frame has there. No object.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func $with (param $x (ref null $s))
    (call $gc)
    (call $use (local.get $x)))
  (func (export "run")
    (call $with (ref.null $s))))

;; expected:
;; 0 roots, 1 continuation, 4 frames; 0 objects reachable, 0 bytes
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: $with at 0x4e (slot_null.wat:10)
;;     fp-24 (local 0 $x)  ref  null
