;; Just before a suspension takes effect all still runs: the inner continuation with the object
;; that it will read when it goes on, the outer one with the one that it will read then.
;; roots --invoke run --at suspend:1
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
  (func (export "run")
    (drop (call $paused (ref.func $outer)))))

;; expected:
;; 2 roots, 3 continuations, 7 frames; 2 objects reachable, 16 bytes
;;
;; continuation 3 of $inner, running
;;   frame 0: $inner at 0x6a (before_a_suspension_in_a_chain.wat:16)
;;     fp-64 (local 0 $x)  ref  $s @0x1008
;;
;; continuation 2 of $outer, parent
;;   frame 0: $outer at 0x84 (before_a_suspension_in_a_chain.wat:20)
;;     fp-112 (local 0 $x)  ref  $s @0x1000
