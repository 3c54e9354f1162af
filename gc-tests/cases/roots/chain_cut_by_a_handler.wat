;; The inner of two continuations is suspended to a handler in the outer one, which then collects:
;; the outer one runs, and holds the inner one in a slot.
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
  (func $outer (local $x (ref null $s)) (local $k (ref null $k))
    (local.set $x (struct.new $s (i32.const 1)))
    (local.set $k (call $paused (ref.func $inner)))
    (call $gc)
    (resume $k (local.get $k))
    (drop (struct.get $s 0 (local.get $x))))
  (elem declare func $inner $outer)
  (func (export "run")
    (resume $k (cont.new $k (ref.func $outer)))))

;; expected:
;; 3 roots, 3 continuations, 7 frames; 2 objects reachable, 16 bytes
;;
;; continuation 2 of $outer, running
;;   frame 1: $outer at 0x89 (chain_cut_by_a_handler.wat:21)
;;     fp-80 (local 1 $k)  cont  continuation 3 of $inner
;;     fp-88 (local 0 $x)  ref   $s @0x1000
;;
;; continuation 3 of $inner, suspended
;;   frame 0: $inner at 0x6a (chain_cut_by_a_handler.wat:16)
;;     fp-64 (local 0 $x)  ref  $s @0x1008
