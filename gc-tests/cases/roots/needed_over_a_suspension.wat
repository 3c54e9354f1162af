;; A frame that is suspended holds what it needs once it is resumed, and neither what it has
;; used nor what it gave away.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $used (struct (field i32)))
  (type $later (struct (field i64)))
  (type $given (struct (field f64)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause (param (ref $given)))
  (func $body
    (local $used (ref $used))
    (local $later (ref $later))
    (local $given (ref $given))
    (local.set $used (struct.new $used (i32.const 1)))
    (local.set $later (struct.new $later (i64.const 2)))
    (local.set $given (struct.new $given (f64.const 3)))
    (drop (struct.get $used 0 (local.get $used)))
    (suspend $pause (local.get $given))
    (drop (struct.get $later 0 (local.get $later))))
  (elem declare func $body)
  (func (export "run")
    (local $waits (ref $k))
    (block $on (result (ref $given) (ref $k))
      (resume $k (on $pause $on) (cont.new $k (ref.func $body)))
      (return))
    (local.set $waits)
    (drop)
    (call $gc)
    (resume $k (local.get $waits))))

;; expected:
;; 2 roots, 2 continuations, 5 frames; 1 object reachable, 16 bytes
;;
;; continuation 1 of func 2 (export "run"), running
;;   frame 1: func 2 (export "run") at 0xa6 (needed_over_a_suspension.wat:30)
;;     fp-96 (local 0 $waits)  cont  continuation 2 of $body
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x86 (needed_over_a_suspension.wat:20)
;;     fp-72 (local 1 $later)  ref  $later @0x1008
