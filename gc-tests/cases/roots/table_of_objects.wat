;; Each element of a table is a root. Two refer to one object.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (table $t 3 (ref null $s))
  (func (export "run")
    (table.set $t (i32.const 0) (call $make (i32.const 1)))
    (table.set $t (i32.const 2) (table.get $t (i32.const 0)))
    (call $gc)))

;; expected:
;; 2 roots, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; outside of stacks
;;   table 0 $t
;;     [0]  ref  $s @0x1000
;;     [1]       null
;;     [2]  ref  $s @0x1000
