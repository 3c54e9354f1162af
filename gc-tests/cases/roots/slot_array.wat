;; An array in a local: one root. It holds two structs and a null, which are in no slot.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (type $a (array (ref null $s)))
  (func (export "run") (local $x (ref null $a))
    (local.set $x (array.new_fixed $a 3
      (call $make (i32.const 1)) (ref.null $s) (call $make (i32.const 2))))
    (call $gc)
    (call $use (array.get $a (local.get $x) (i32.const 0)))))

;; expected:
;; 1 root, 1 continuation, 3 frames; 3 objects reachable, 40 bytes
;;
;; continuation 1 of func 3 (export "run"), running
;;   frame 1: func 3 (export "run") at 0x64 (slot_array.wat:13)
;;     fp-48 (local 0 $x)  ref  $a @0x1010
