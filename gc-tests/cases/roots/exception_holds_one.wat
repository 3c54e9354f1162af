;; An exception in a global carries a suspended continuation.
;; config: --continuations-in-objects trace
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
  (tag $e (param (ref $k)))
  (elem declare func $body)
  (global $g (mut exnref) (ref.null exn))
  (func (export "run")
    (block $on (result exnref)
      (try_table (catch_all_ref $on) (throw $e (call $paused (ref.func $body))))
      (unreachable))
    (global.set $g)
    (call $gc)))

;; expected:
;; 2 roots, 2 continuations, 5 frames; 2 objects reachable, 40 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $g  ref  exception $e @0x1008
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x65 (exception_holds_one.wat:12)
;;     fp-64 (local 0 $x)  ref  $s @0x1000
