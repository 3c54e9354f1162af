;; Four continuations suspended as one, each with an object: four slots, and one that holds the
;; chain.
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
  (global $depth (mut i32) (i32.const 0))
  (func $body (local $x (ref null $s))
    (local.set $x (struct.new $s (global.get $depth)))
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (if (i32.lt_u (global.get $depth) (i32.const 4))
      (then (resume $k (cont.new $k (ref.func $body))))
      (else (suspend $pause)))
    (drop (struct.get $s 0 (local.get $x))))
  (elem declare func $body)
  (func (export "run") (local $k (ref null $k))
    (local.set $k (call $paused (ref.func $body)))
    (call $gc)
    (resume $k (local.get $k))))

;; expected:
;; 5 roots, 5 continuations, 11 frames; 4 objects reachable, 32 bytes
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; continuation 1 of func 3 (export "run"), running
;;   frame 1: func 3 (export "run") at 0x9c (chain_of_four.wat:25)
;;     fp-64 (local 0 $k)  cont  continuation 5 of $body
;;
;; outside of stacks
;;   globals
;;     global 0 $depth    4
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x82 (chain_of_four.wat:19)
;;     fp-80 (local 0 $x)  ref  $s @0x1000
;;
;; continuation 3 of $body, suspended
;;   frame 0: $body at 0x82 (chain_of_four.wat:19)
;;     fp-80 (local 0 $x)  ref  $s @0x1008
;;
;; continuation 4 of $body, suspended
;;   frame 0: $body at 0x82 (chain_of_four.wat:19)
;;     fp-80 (local 0 $x)  ref  $s @0x1010
;;
;; continuation 5 of $body, suspended
;;   frame 0: $body at 0x86 (chain_of_four.wat:20)
;;     fp-80 (local 0 $x)  ref  $s @0x1018
