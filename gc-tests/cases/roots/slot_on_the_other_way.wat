;; The same function goes the other way, where the local is read after a collection: one root.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func $either (param $c i32) (param $x (ref $s))
    (if (local.get $c)
      (then (call $use (local.get $x)))
      (else (call $gc) (call $use (local.get $x)))))
  (func (export "run")
    (call $either (i32.const 0) (call $make (i32.const 1)))))

;; expected:
;; 1 root, 1 continuation, 4 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: $either at 0x5d (slot_on_the_other_way.wat:12)
;;     fp-24 (local 1 $x)  ref  $s @0x1000
