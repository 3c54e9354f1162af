;; A table was filled from a segment, which was dropped then: the object is held by the table.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (table $t 1 (ref null $s))
  (elem $e (ref null $s) (struct.new $s (i32.const 1)))
  (func (export "run")
    (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))
    (elem.drop $e)
    (call $gc)))

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;;
;; outside of stacks
;;   table 0 $t
;;     [0]  ref  $s @0x1000
