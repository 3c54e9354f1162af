;; A continuation was suspended over a minor collection, then resumed, and has a young object
;; beside its old one: two slots.
;; roots --invoke run --at gc:2
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "minor" (func $minor))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (func $body (local $x (ref null $s)) (local $y (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (suspend $pause)
    (local.set $y (struct.new $s (i32.const 2)))
    (suspend $pause)
    (drop (struct.get $s 0 (local.get $x)))
    (drop (struct.get $s 0 (local.get $y))))
  (elem declare func $body)
  (func $next (param $k (ref null $k)) (result (ref $k))
    (block $on (result (ref $k))
      (resume $k (on $pause $on) (local.get $k))
      (unreachable)))
  (global $g (mut (ref null $k)) (ref.null $k))
  (func (export "run")
    (global.set $g (call $next (cont.new $k (ref.func $body))))
    (call $minor)
    (global.set $g (call $next (global.get $g)))
    (call $minor)))

;; expected:
;; 3 roots, 2 continuations, 5 frames; 2 objects reachable, 16 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $g  cont  continuation 2 of $body
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x79 (minor_after_a_wake.wat:15)
;;     fp-104 (local 1 $y)  ref  $s @0x1000
;;     fp-112 (local 0 $x)  ref  $s @0x1002000
