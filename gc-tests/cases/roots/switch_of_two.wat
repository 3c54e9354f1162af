;; Two continuations that switch: the first waits, with its object in a slot, and the second
;; has the reference to it that came with the switch.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
  (tag $turn)
  (func $first (type $f) (param $from (ref null $k)) (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (drop (switch $k $turn (cont.new $k (ref.func $second))))
    (drop (struct.get $s 0 (local.get $x))))
  (func $second (type $f) (param $from (ref null $k))
    (call $gc)
    (drop (switch $k $turn (local.get $from))))
  (elem declare func $first $second)
  (func (export "run")
    (resume $k (on $turn switch) (ref.null $k) (cont.new $k (ref.func $first)))))

;; expected:
;; 2 roots, 3 continuations, 7 frames; 1 object reachable, 8 bytes
;;
;; continuation 3, running
;;   frame 1: func 2 $second at 0x69
;;     fp-80  cont  continuation 2
;;
;; continuation 2, suspended
;;   frame 0: func 1 $first at 0x5b
;;     fp-80  ref   type 0 $s @0x1000
