;; An object that was made an externref is the same object.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func $ext (param externref))
  (func (export "run") (local $x externref)
    (local.set $x (extern.convert_any (call $make (i32.const 1))))
    (call $gc)
    (call $ext (local.get $x))))

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: func 4 (export "run") at 0x5f (slot_externalised.wat:12)
;;     fp-24 (local 0 $x)  ref  $s @0x1000
