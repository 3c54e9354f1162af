;; A parent that waits in a function compiled into it: its frame stands at the resume of that one.
;; config: --opt-level inline
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (func $wait (param $y (ref $s)) (param $k (ref $k))
    (resume $k (local.get $k))
    (drop (struct.get $s 0 (local.get $y))))
  (func $body (call $gc))
  (elem declare func $body)
  (func (export "run") (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (call $wait (struct.new $s (i32.const 2)) (cont.new $k (ref.func $body)))
    (drop (struct.get $s 0 (local.get $x)))))

;; expected:
;; 2 roots, 2 continuations, 5 frames; 2 objects reachable, 16 bytes
;;
;; continuation 1 of func 3 (export "run"), parent
;;   frame 0: $wait at 0x49 (inlined_parent.wat:10)
;;     inlined into func 3 (export "run") at 0x6e (inlined_parent.wat:16)
;;     fp-72 (local 0 $y)                           ref  $s @0x1008
;;     fp-80 (local 0 $x of func 3 (export "run"))  ref  $s @0x1000
