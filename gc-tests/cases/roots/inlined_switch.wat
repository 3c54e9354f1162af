;; Two continuations switch to each other in a function that is compiled into both: one is suspended
;; there, with the object that its function needs.
;; config: --opt-level inline
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
  (tag $t)
  (func $swap (param $to (ref $k)) (result (ref null $k))
    (switch $k $t (local.get $to)))
  (func $one (type $f) (param $none (ref null $k)) (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (drop (call $swap (cont.new $k (ref.func $other))))
    (drop (struct.get $s 0 (local.get $x))))
  (func $other (type $f) (param $back (ref null $k))
    (call $gc)
    (drop (call $swap (ref.as_non_null (local.get $back)))))
  (elem declare func $one $other)
  (func (export "run")
    (resume $k (on $t switch) (ref.null $k) (cont.new $k (ref.func $one)))))

;; expected:
;; 2 roots, 3 continuations, 7 frames; 1 object reachable, 8 bytes
;;
;; continuation 3 of $other, running
;;   frame 1: $other at 0x78 (inlined_switch.wat:17)
;;     fp-80 (local 0 $back)  cont  continuation 2 of $one
;;
;; continuation 2 of $one, suspended
;;   frame 0: $swap at 0x57 (inlined_switch.wat:11)
;;     inlined into $one at 0x6b (inlined_switch.wat:14)
;;     fp-80 (local 1 $x of $one)  ref  $s @0x1000
