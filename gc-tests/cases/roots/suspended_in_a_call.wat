;; A continuation is suspended in a function that its function has called: both frames have
;; their slot.
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
  (func $deep (param $x (ref $s))
    (suspend $pause)
    (drop (struct.get $s 0 (local.get $x))))
  (func $body (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (call $deep (struct.new $s (i32.const 2)))
    (drop (struct.get $s 0 (local.get $x))))
  (elem declare func $body)
  (func (export "run") (local $k (ref null $k))
    (local.set $k (call $paused (ref.func $body)))
    (call $gc)
    (resume $k (local.get $k))))

;; expected:
;; 3 roots, 2 continuations, 6 frames; 2 objects reachable, 16 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: func 4 (export "run") at 0x94 (suspended_in_a_call.wat:24)
;;     fp-64 (local 0 $k)  cont  continuation 2 of $body
;;
;; continuation 2 of $body, suspended
;;   frame 0: $deep at 0x64 (suspended_in_a_call.wat:15)
;;     fp-64 (local 0 $x)  ref  $s @0x1008
;;   frame 1: $body at 0x7f (suspended_in_a_call.wat:19)
;;     fp-48 (local 0 $x)  ref  $s @0x1000
