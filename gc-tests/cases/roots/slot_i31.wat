;; A slot of type anyref holds an i31: a root that refers to no object.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $use (param anyref))
  (func $with (param $x anyref)
    (call $gc)
    (call $use (local.get $x)))
  (func (export "run")
    (call $with (ref.i31 (i32.const -5)))))

;; expected:
;; 0 roots, 1 continuation, 4 frames; 0 objects reachable, 0 bytes
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; continuation 1 of func 3 (export "run"), running
;;   frame 1: $with at 0x3e (slot_i31.wat:8)
;;     fp-24 (local 0 $x)  ref  i31 -5
