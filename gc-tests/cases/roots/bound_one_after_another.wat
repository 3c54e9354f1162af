;; Arguments that were bound in two steps: one continuation, with both. The reference of the
;; first step is used.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (type $g (func (param (ref null $s)) (param (ref null $s))))
  (type $kg (cont $g))
  (type $h (func (param (ref null $s))))
  (type $kh (cont $h))
  (func $takes (type $g))
  (elem declare func $takes)
  (global $half (mut (ref null $kh)) (ref.null $kh))
  (global $whole (mut (ref null $k)) (ref.null $k))
  (func (export "run")
    (global.set $half (cont.bind $kg $kh (struct.new $s (i32.const 1)) (cont.new $kg (ref.func $takes))))
    (global.set $whole (cont.bind $kh $k (struct.new $s (i32.const 2)) (global.get $half)))
    (call $gc)))

;; expected:
;; 3 roots, 2 continuations, 3 frames; 2 objects reachable, 16 bytes
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; outside of stacks
;;   globals
;;     global 0 $half   cont  continuation 2, consumed
;;     global 1 $whole  cont  continuation 2 of $takes
;;
;; continuation 2 of $takes, fresh
;;   bound arguments
;;     bound argument 0  ref  $s @0x1000
;;     bound argument 1  ref  $s @0x1008
