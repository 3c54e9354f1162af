;; A continuation is bound to another one as an argument, and that one to a third: each keeps the
;; next, and the last has an object in its frame.
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
  (type $g (func (param (ref null $k))))
  (type $kg (cont $g))
  (func $takes (type $g))
  (elem declare func $body $takes)
  (global $g (mut (ref null $k)) (ref.null $k))
  (func $around (param $k (ref null $k)) (result (ref $k))
    (cont.bind $kg $k (local.get $k) (cont.new $kg (ref.func $takes))))
  (func (export "run")
    (global.set $g (call $around (call $around (call $paused (ref.func $body)))))
    (call $gc)))

;; expected:
;; 4 roots, 4 continuations, 5 frames; 1 object reachable, 8 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $g  cont  continuation 4 of $takes
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x70 (bound_to_each_other.wat:12)
;;     fp-64 (local 0 $x)  ref  $s @0x1000
;;
;; continuation 3 of $takes, fresh
;;   bound arguments
;;     bound argument 0  cont  continuation 2 of $body
;;
;; continuation 4 of $takes, fresh
;;   bound arguments
;;     bound argument 0  cont  continuation 3 of $takes
