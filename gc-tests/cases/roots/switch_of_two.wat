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
;; continuation 3 of $second, running
;;   frame 1: $second at 0x69 (switch_of_two.wat:14)
;;     fp-80 (local 0 $from)  cont  continuation 2 of $first
;;
;; continuation 2 of $first, suspended
;;   frame 0: $first at 0x5b (switch_of_two.wat:11)
;;     fp-80 (local 1 $x)  ref  $s @0x1000
