;; A local that is not read any more holds nothing, though nobody has overwritten it.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func (export "run") (local $x (ref null $s))
    (local.set $x (call $make (i32.const 1)))
    (call $use (local.get $x))
    (call $gc)))

;; expected:
;; 0 roots, 1 continuation, 3 frames; 0 objects reachable, 0 bytes
