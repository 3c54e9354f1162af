;; A chain of two is parked record by record, and is still one chain: both slots, one reference.
;; config: --park-after 0 --park-keep 0
;; roots --invoke run --at gc:2
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (func $paused (param $of (ref $f)) (result (ref $k))
    (block $on (result (ref $k))
      (resume $k (on $pause $on) (cont.new $k (local.get $of)))
      (unreachable)))
  (func $inner (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 2)))
    (suspend $pause)
    (drop (struct.get $s 0 (local.get $x))))
  (func $outer (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (resume $k (cont.new $k (ref.func $inner)))
    (drop (struct.get $s 0 (local.get $x))))
  (elem declare func $inner $outer)
  (global $g (mut (ref null $k)) (ref.null $k))
  (func (export "run")
    (global.set $g (call $paused (ref.func $outer)))
    (call $gc) (call $gc)))

;; expected:
;; 3 roots, 3 continuations, 7 frames; 2 objects reachable, 16 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $g  cont  continuation 3
;;
;; continuation 3, suspended
;;   frame 0: func 2 $inner at 0x73
;;     fp-64  ref   type 0 $s @0x41003000
;;
;; continuation 2, suspended
;;   frame 0: func 3 $outer at 0x8d
;;     fp-64  ref   type 0 $s @0x41003008
