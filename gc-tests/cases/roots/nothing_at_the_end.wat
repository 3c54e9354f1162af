;; When the call is over and nothing was kept, there is nothing.
;; roots --invoke run --at end
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func (export "run")
    (call $use (call $make (i32.const 1)))))

;; expected:
;; 0 roots, 0 continuations, 0 frames; 0 objects reachable, 0 bytes
