;; A continuation that has returned has no frames: nothing of it is left but the reference,
;; which was used and keeps nothing.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (func $body (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (drop (struct.get $s 0 (local.get $x))))
  (elem declare func $body)
  (global $g (mut (ref null $k)) (ref.null $k))
  (func (export "run")
    (global.set $g (cont.new $k (ref.func $body)))
    (resume $k (global.get $g))
    (call $gc)))

;; expected:
;; 0 roots, 1 continuation, 3 frames; 0 objects reachable, 0 bytes
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; outside of stacks
;;   globals
;;     global 0 $g  cont  continuation 2, consumed
