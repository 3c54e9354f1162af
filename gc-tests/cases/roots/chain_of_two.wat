;; Two continuations that were suspended as one: the reference is to the inner one, and keeps
;; the outer one too, with the slot of each.
;; roots --invoke run --at gc:1
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
  (func (export "run") (local $k (ref null $k))
    (local.set $k (call $paused (ref.func $outer)))
    (call $gc)
    (resume $k (local.get $k))))

;; expected:
;; 3 roots, 3 continuations, 7 frames; 2 objects reachable, 16 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: func 4 (export "run") at 0x9a (chain_of_two.wat:25)
;;     fp-64 (local 0 $k)  cont  continuation 3 of $inner
;;
;; continuation 2 of $outer, suspended
;;   frame 0: $outer at 0x84 (chain_of_two.wat:20)
;;     fp-64 (local 0 $x)  ref  $s @0x1000
;;
;; continuation 3 of $inner, suspended
;;   frame 0: $inner at 0x6a (chain_of_two.wat:16)
;;     fp-64 (local 0 $x)  ref  $s @0x1008
