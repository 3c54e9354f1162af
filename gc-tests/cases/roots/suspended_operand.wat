;; An operand lives over a suspension as a local does.
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
  (func $body
    (struct.new $s (i32.const 1))
    (suspend $pause)
    (drop (struct.get $s 0)))
  (elem declare func $body)
  (func (export "run") (local $k (ref null $k))
    (local.set $k (call $paused (ref.func $body)))
    (call $gc)
    (resume $k (local.get $k))))

;; expected:
;; 2 roots, 2 continuations, 5 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 3 (export "run"), running
;;   frame 1: func 3 (export "run") at 0x76 (suspended_operand.wat:20)
;;     fp-64 (local 0 $k)  cont  continuation 2 of $body
;;
;; continuation 2 of $body, suspended
;;   frame 0: $body at 0x63 (suspended_operand.wat:15)
;;     fp-64 (operand 0)  ref  $s @0x1000
