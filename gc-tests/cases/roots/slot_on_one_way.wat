;; On the way that collects the local is not read any more, on the other it is. What is live
;; on the other way only is no root here.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func $either (param $c i32) (param $x (ref $s))
    (if (local.get $c)
      (then (call $gc))
      (else (call $use (local.get $x)))))
  (func (export "run")
    (call $either (i32.const 1) (call $make (i32.const 1)))))

;; expected:
;; 0 roots, 1 continuation, 4 frames; 0 objects reachable, 0 bytes
