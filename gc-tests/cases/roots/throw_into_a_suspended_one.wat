;; An exception was thrown into a suspended continuation, which has caught it and collects: it
;; runs, with its object and what the exception carried.
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
  (tag $e (param (ref $s)))
  (func $use2 (param (ref null $s)) (param (ref null $s)))
  (func $body (local $x (ref null $s)) (local $y (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (block $on (result (ref $s))
      (try_table (catch $e $on) (suspend $pause))
      (return))
    (local.set $y)
    (call $gc)
    (call $use2 (local.get $x) (local.get $y)))
  (elem declare func $body)
  (func (export "run")
    (resume_throw $k $e (struct.new $s (i32.const 2)) (call $paused (ref.func $body)))))

;; expected:
;; 2 roots, 2 continuations, 5 frames; 2 objects reachable, 16 bytes
;;
;; continuation 2 of $body, running
;;   frame 1: $body at 0x8a (throw_into_a_suspended_one.wat:22)
;;     fp-80 (local 1 $y)  ref  $s @0x1000
;;     fp-88 (local 0 $x)  ref  $s @0x1008
