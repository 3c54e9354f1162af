;; The payload of a suspension goes to a function that is compiled into the handler: it is held for
;; that one's local, and the continuation for the handler's.
;; config: --opt-level inline
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $give (param (ref $s)))
  (func $take (param $y (ref $s))
    (call $gc)
    (drop (struct.get $s 0 (local.get $y))))
  (func $body (suspend $give (struct.new $s (i32.const 1))))
  (elem declare func $body)
  (func (export "run") (local $k (ref null $k))
    (block $on (result (ref $s) (ref $k))
      (resume $k (on $give $on) (cont.new $k (ref.func $body)))
      (unreachable))
    (local.set $k)
    (call $take)
    (resume $k (local.get $k))))

;; expected:
;; 2 roots, 2 continuations, 5 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 3 (export "run"), running
;;   frame 1: $take at 0x51 (inlined_in_a_handler.wat:12)
;;     inlined into func 3 (export "run") at 0x7a (inlined_in_a_handler.wat:21)
;;     fp-80 (local 0 $y)                           ref   $s @0x1000
;;     fp-96 (local 0 $k of func 3 (export "run"))  cont  continuation 2 of $body
