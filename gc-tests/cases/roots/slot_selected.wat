;; Of two references that select chose from, the chosen one is a root; the other is not
;; read any more.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (func $pick (param $c i32) (param $a (ref $s)) (param $b (ref $s)) (local $x (ref null $s))
    (local.set $x (select (result (ref $s)) (local.get $a) (local.get $b) (local.get $c)))
    (call $gc)
    (call $use (local.get $x)))
  (func (export "run")
    (call $pick (i32.const 0) (call $make (i32.const 1)) (call $make (i32.const 2)))))

;; expected:
;; 1 root, 1 continuation, 4 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: $pick at 0x65 (slot_selected.wat:12)
;;     fp-24 (local 3 $x)  ref  $s @0x1008
