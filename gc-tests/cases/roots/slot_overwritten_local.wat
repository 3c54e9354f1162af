;; A local that is given another value before it is read again does not hold the first one:
;; there is no slot, and no object is in reach.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func (export "run") (local $x (ref null $s))
    (local.set $x (call $make (i32.const 1)))
    (call $gc)
    (local.set $x (call $make (i32.const 2)))
    (call $use (local.get $x))))

;; expected:
;; 0 roots, 1 continuation, 3 frames; 0 objects reachable, 0 bytes
