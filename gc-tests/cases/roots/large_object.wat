;; An array of more than 64 KiB begins in the old space. It is held by a local, and holds a
;; struct that is young.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $a (array (mut (ref null $s))))
  (func $use (param (ref null $a)))
  (func (export "run") (local $x (ref null $a))
    (local.set $x (array.new_default $a (i32.const 20000)))
    (array.set $a (local.get $x) (i32.const 19999) (struct.new $s (i32.const 1)))
    (call $gc)
    (call $use (local.get $x))))

;; expected:
;; 1 root, 1 continuation, 3 frames; 2 objects reachable, 80,016 bytes
;;
;; continuation 1 of func 2 (export "run"), running
;;   frame 1: func 2 (export "run") at 0x5c (large_object.wat:12)
;;     fp-40 (local 0 $x)  ref  $a @0x1002000
