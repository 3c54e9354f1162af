;; The local was given a new object on one way, and kept its first on the other. Where both
;; meet there is one slot, with what was given on the way that was gone; the first object is
;; read no more, and so is out of reach.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func $either (param $c i32) (param $x (ref $s))
    (if (local.get $c)
      (then (local.set $x (call $make (i32.const 2)))))
    (call $gc)
    (call $use (local.get $x)))
  (func (export "run")
    (call $either (i32.const 1) (call $make (i32.const 1)))))

;; expected:
;; 1 root, 1 continuation, 4 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: $either at 0x5f (slot_where_ways_meet.wat:14)
;;     fp-24 (local 1 $x)  ref  $s @0x1008
