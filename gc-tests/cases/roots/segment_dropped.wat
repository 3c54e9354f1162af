;; A segment that was dropped has no items any more, and its object is gone.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (elem $e (ref null $s) (struct.new $s (i32.const 1)))
  (func (export "run")
    (elem.drop $e)
    (call $gc)))

;; expected:
;; 0 roots, 1 continuation, 3 frames; 0 objects reachable, 0 bytes
