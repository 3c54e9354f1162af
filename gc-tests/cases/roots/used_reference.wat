;; A continuation was resumed and suspended again: the reference of before is used, the one that
;; came with the suspension is current. Both are roots; one keeps it.
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
    (suspend $pause)
    (drop (struct.get $s 0 (local.get $x))))
  (elem declare func $body)
  (global $old (mut (ref null $k)) (ref.null $k))
  (global $new (mut (ref null $k)) (ref.null $k))
  (func $next (param $k (ref null $k)) (result (ref $k))
    (block $on (result (ref $k))
      (resume $k (on $pause $on) (local.get $k))
      (unreachable)))
  (func (export "run")
    (global.set $old (call $next (cont.new $k (ref.func $body))))
    (global.set $new (call $next (global.get $old)))
    (call $gc)))

;; expected:
;; 2 roots, 2 continuations, 5 frames; 1 object reachable, 8 bytes
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; outside of stacks
;;   globals
;;     global 0 $old  cont  continuation 2, consumed
;;     global 1 $new  cont  continuation 2 of $body
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x67 (used_reference.wat:13)
;;     fp-80 (local 0 $x)  ref  $s @0x1000
