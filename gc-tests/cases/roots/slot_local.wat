;; A local that is read after the call is a root: one slot, one object.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func (export "run") (local $x (ref null $s))
    (local.set $x (call $make (i32.const 1)))
    (call $gc)
    (call $use (local.get $x))))

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 3 (export "run"), running
;;   frame 1: func 3 (export "run") at 0x56 (slot_local.wat:11)
;;     fp-24 (local 0 $x)  ref  $s @0x1000
