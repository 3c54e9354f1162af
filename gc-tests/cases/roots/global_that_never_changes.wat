;; An immutable global that a constant expression filled: one root, two objects, the second held
;; by the first.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32) (field (ref null $s))))
  (global $g (ref $s)
    (struct.new $s (i32.const 1) (struct.new $s (i32.const 2) (ref.null $s))))
  (func (export "run") (call $gc)))

;; expected:
;; 1 root, 1 continuation, 3 frames; 2 objects reachable, 32 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $g  ref  $s @0x1010
