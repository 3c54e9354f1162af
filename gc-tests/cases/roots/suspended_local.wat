;; A struct in a local of a suspended frame: its slot, and the slot of the frame
;; that holds the continuation.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $point (struct (field i32) (field i32)))
  (type $f (func (result i32)))
  (type $k (cont $f))
  (tag $pause)
  (func $body (result i32)
    (local $p (ref $point))
    (local.set $p (struct.new $point (i32.const 1) (i32.const 2)))
    (suspend $pause)
    (struct.get $point 1 (local.get $p)))
  (elem declare func $body)
  (func (export "run") (result i32)
    (local $k (ref null $k))
    (block $paused (result (ref $k))
      (return (resume $k (on $pause $paused) (cont.new $k (ref.func $body)))))
    (local.set $k)
    (call $gc)
    (resume $k (local.get $k))))

;; expected:
;; 2 roots, 2 continuations, 5 frames; 1 object reachable, 16 bytes
;;
;; continuation 1 of func 2 (export "run"), running
;;   frame 1: func 2 (export "run") at 0x75 (suspended_local.wat:21)
;;     fp-96 (local 0 $k)  cont  continuation 2 of $body
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x56 (suspended_local.wat:13)
;;     fp-64 (local 0 $p)  ref  $point @0x1000
