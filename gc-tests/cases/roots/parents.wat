;; A collection in the innermost of three continuations: each frame of the chain
;; shows the reference it still needs.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func (result i32)))
  (type $k (cont $f))
  (func $inner (result i32)
    (local $s (ref $s))
    (local.set $s (struct.new $s (i32.const 1)))
    (call $gc)
    (struct.get $s 0 (local.get $s)))
  (func $outer (result i32)
    (local $s (ref $s))
    (local.set $s (struct.new $s (i32.const 20)))
    (i32.add (resume $k (cont.new $k (ref.func $inner)))
      (struct.get $s 0 (local.get $s))))
  (elem declare func $inner $outer)
  (func (export "run") (result i32)
    (local $s (ref $s))
    (local.set $s (struct.new $s (i32.const 300)))
    (i32.add (resume $k (cont.new $k (ref.func $outer)))
      (struct.get $s 0 (local.get $s)))))

;; expected:
;; 3 roots, 3 continuations, 7 frames; 3 objects reachable, 24 bytes
;;
;; continuation 3 of $inner, running
;;   frame 1: $inner at 0x4f (parents.wat:12)
;;     fp-40 (local 0 $s)  ref  $s @0x1010
;;
;; continuation 2 of $outer, parent
;;   frame 0: $outer at 0x68 (parents.wat:17)
;;     fp-64 (local 0 $s)  ref  $s @0x1008
;;
;; continuation 1 of func 3 (export "run"), parent
;;   frame 0: func 3 (export "run") at 0x84 (parents.wat:23)
;;     fp-64 (local 0 $s)  ref  $s @0x1000
