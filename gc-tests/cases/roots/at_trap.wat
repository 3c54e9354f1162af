;; At a trap all stacks are still there, the one that trapped included.
;; roots --invoke run --at trap
(module
  (type $s (struct (field i32)))
  (type $f (func (param (ref $s))))
  (type $k (cont $f))
  (func $body (param $s (ref $s))
    (call $fail)
    (drop (struct.get $s 0 (local.get $s))))
  (func $fail (unreachable))
  (elem declare func $body)
  (func (export "run")
    (local $mine (ref $s))
    (local.set $mine (struct.new $s (i32.const 1)))
    (resume $k (struct.new $s (i32.const 2)) (cont.new $k (ref.func $body)))
    (drop (struct.get $s 0 (local.get $mine)))))

;; expected:
;; 2 roots, 2 continuations, 4 frames; 2 objects reachable, 16 bytes
;;
;; continuation 2 of $body, running
;;   frame 0: $body at 0x34 (at_trap.wat:8)
;;     fp-32 (local 0 $s)  ref  $s @0x1008
;;
;; continuation 1 of func 2 (export "run"), parent
;;   frame 0: func 2 (export "run") at 0x57 (at_trap.wat:15)
;;     fp-80 (local 0 $mine)  ref  $s @0x1000
