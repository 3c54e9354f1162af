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
;;     global 0 $g  cont  continuation 3 of $inner
;;
;; continuation 2 of $outer, suspended, parked
;;   frame 0: $outer at 0x8d (parked_chain.wat:20)
;;     fp-64 (local 0 $x)  ref  $s @0x41003008
;;
;; continuation 3 of $inner, suspended, parked
;;   frame 0: $inner at 0x73 (parked_chain.wat:16)
;;     fp-64 (local 0 $x)  ref  $s @0x41003000
