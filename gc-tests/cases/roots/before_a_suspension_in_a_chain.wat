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
;; continuation 3, running
;;   frame 0: func 2 $inner at 0x6a
;;     fp-64  ref   type 0 $s @0x1008
;;
;; continuation 2, parent
;;   frame 0: func 3 $outer at 0x84
;;     fp-112  ref   type 0 $s @0x1000
