;; The items of a segment that was not dropped are roots: two objects and a null.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (elem $e (ref null $s)
    (struct.new $s (i32.const 1)) (ref.null $s) (struct.new $s (i32.const 2)))
  (func (export "run") (call $gc)))

;; expected:
;; 2 roots, 1 continuation, 3 frames; 2 objects reachable, 16 bytes
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; outside of stacks
;;   element segment 0 $e
;;     [0]  ref  $s @0x1000
;;     [1]       null
;;     [2]  ref  $s @0x1008
