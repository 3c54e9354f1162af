;; A table that grew by two with one object has it twice.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (table $t 1 (ref null $s))
  (func (export "run")
    (drop (table.grow $t (call $make (i32.const 1)) (i32.const 2)))
    (call $gc)))

;; expected:
;; 2 roots, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; outside of stacks
;;   table 0 $t
;;     [0]       null
;;     [1]  ref  $s @0x1000
;;     [2]  ref  $s @0x1000
