;; Three continuations hand control round, and the third collects: each has its object, and the
;; one that runs has, in two globals, those that wait.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
  (tag $turn)
  (global $a (mut (ref null $k)) (ref.null $k))
  (global $b (mut (ref null $k)) (ref.null $k))
  (func $one (type $f) (param $from (ref null $k)) (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (drop (switch $k $turn (cont.new $k (ref.func $two))))
    (drop (struct.get $s 0 (local.get $x))))
  (func $two (type $f) (param $from (ref null $k)) (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 2)))
    (global.set $a (local.get $from))
    (drop (switch $k $turn (cont.new $k (ref.func $three))))
    (drop (struct.get $s 0 (local.get $x))))
  (func $three (type $f) (param $from (ref null $k)) (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 3)))
    (global.set $b (local.get $from))
    (call $gc)
    (drop (struct.get $s 0 (local.get $x))))
  (elem declare func $one $two $three)
  (func (export "run")
    (resume $k (on $turn switch) (ref.null $k) (cont.new $k (ref.func $one)))))

;; expected:
;; 5 roots, 4 continuations, 9 frames; 3 objects reachable, 24 bytes
;;
;; continuation 4 of $three, running
;;   frame 1: $three at 0xa8 (switch_ring_of_three.wat:23)
;;     fp-48 (local 1 $x)  ref  $s @0x1010
;;
;; outside of stacks
;;   globals
;;     global 0 $a  cont  continuation 2 of $one
;;     global 1 $b  cont  continuation 3 of $two
;;
;; continuation 2 of $one, suspended
;;   frame 0: $one at 0x6c (switch_ring_of_three.wat:13)
;;     fp-80 (local 1 $x)  ref  $s @0x1000
;;
;; continuation 3 of $two, suspended
;;   frame 0: $two at 0x8c (switch_ring_of_three.wat:18)
;;     fp-80 (local 1 $x)  ref  $s @0x1008
