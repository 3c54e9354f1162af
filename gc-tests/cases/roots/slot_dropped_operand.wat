;; An operand that will only be dropped holds nothing: nobody will look at it.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func (export "run")
    (call $make (i32.const 1))
    (call $gc)
    (drop)))

;; expected:
;; 0 roots, 1 continuation, 3 frames; 0 objects reachable, 0 bytes
