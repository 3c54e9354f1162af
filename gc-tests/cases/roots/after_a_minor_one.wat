;; After a minor collection the objects are old, and have moved; the roots are where they were.
;; roots --invoke run --at gc:2
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "minor" (func $minor))
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
  (elem declare func $body)
  (global $g (mut (ref null $s)) (ref.null $s))
  (table $t 1 (ref null $k))
  (func (export "run")
    (global.set $g (struct.new $s (i32.const 2)))
    (table.set $t (i32.const 0) (call $paused (ref.func $body)))
    (call $minor) (call $minor)))

;; expected:
;; 3 roots, 2 continuations, 5 frames; 2 objects reachable, 16 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $g  ref  $s @0x1002008
;;   table 0 $t
;;     [0]  cont  continuation 2 of $body
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x77 (after_a_minor_one.wat:12)
;;     fp-64 (local 0 $x)  ref  $s @0x1002000
