;; Of two arguments that are bound, the one that is a reference is a root; the number is none.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (type $g (func (param i32) (param (ref null $s))))
  (type $kg (cont $g))
  (func $takes (type $g))
  (elem declare func $takes)
  (global $g (mut (ref null $k)) (ref.null $k))
  (func (export "run")
    (global.set $g (cont.bind $kg $k (i32.const 7) (struct.new $s (i32.const 1))
      (cont.new $kg (ref.func $takes))))
    (call $gc)))

;; expected:
;; 2 roots, 2 continuations, 3 frames; 1 object reachable, 8 bytes
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; outside of stacks
;;   globals
;;     global 0 $g  cont  continuation 2 of $takes
;;
;; continuation 2 of $takes, fresh
;;   bound arguments
;;     bound argument 0       7
;;     bound argument 1  ref  $s @0x1000
