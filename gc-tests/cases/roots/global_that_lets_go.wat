;; A global that was set to null again is a root, and holds nothing: its object is gone.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (global $g (mut (ref null $s)) (struct.new $s (i32.const 1)))
  (func (export "run")
    (global.set $g (ref.null $s))
    (call $gc)))

;; expected:
;; 0 roots, 1 continuation, 3 frames; 0 objects reachable, 0 bytes
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; outside of stacks
;;   globals
;;     global 0 $g    null
