;; A parameter is a local like others. The second is not used, and is no root.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func $with (param $a (ref $s)) (param $b (ref $s))
    (call $gc)
    (call $use (local.get $a)))
  (func (export "run")
    (call $with (call $make (i32.const 1)) (call $make (i32.const 2)))))

;; expected:
;; 1 root, 1 continuation, 4 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: $with at 0x55 (slot_parameter.wat:10)
;;     fp-24 (local 0 $a)  ref  $s @0x1000
