;; A suspended continuation has another one in a local, and that one an object: what is held
;; leads from one to the next.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (func $body (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (suspend $pause)
    (drop (struct.get $s 0 (local.get $x))))
  (func $paused (param $of (ref $f)) (result (ref $k))
    (block $on (result (ref $k))
      (resume $k (on $pause $on) (cont.new $k (local.get $of)))
      (unreachable)))
  (func $holder (local $k (ref null $k))
    (local.set $k (call $paused (ref.func $body)))
    (suspend $pause)
    (resume $k (local.get $k)))
  (elem declare func $body $holder)
  (func (export "run") (local $k (ref null $k))
    (local.set $k (call $paused (ref.func $holder)))
    (call $gc)
    (resume $k (local.get $k))))

;; expected:
;; 3 roots, 3 continuations, 7 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: func 4 (export "run") at 0x92 (held_by_another.wat:25)
;;     fp-64 (local 0 $k)  cont  continuation 2 of $holder
;;
;; continuation 2 of $holder, suspended
;;   frame 0: $holder at 0x7f (held_by_another.wat:20)
;;     fp-80 (local 0 $k)  cont  continuation 3 of $body
;;
;; continuation 3 of $body, suspended
;;   frame 0: $body at 0x58 (held_by_another.wat:12)
;;     fp-64 (local 0 $x)  ref  $s @0x1000
