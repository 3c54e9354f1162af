;; A slot of type anyref holds a struct: the object says what it is, not the slot.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func $any (param anyref))
  (func $with (param $x anyref)
    (call $gc)
    (call $any (local.get $x)))
  (func (export "run")
    (call $with (call $make (i32.const 1)))))

;; expected:
;; 1 root, 1 continuation, 4 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 5 (export "run"), running
;;   frame 1: $with at 0x56 (slot_of_a_supertype.wat:11)
;;     fp-24 (local 0 $x)  ref  $s @0x1000
