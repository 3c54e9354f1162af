;; A suspension goes past a handler for another tag, to the one further out: all in between is
;; suspended as one, the continuation with the other handler too.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (tag $other)
  (func $inner (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 2)))
    (suspend $pause)
    (drop (struct.get $s 0 (local.get $x))))
  (func $middle (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (block $on (result (ref $k))
      (resume $k (on $other $on) (cont.new $k (ref.func $inner)))
      (drop (struct.get $s 0 (local.get $x)))
      (return))
    (drop))
  (elem declare func $inner $middle)
  (func (export "run") (local $k (ref null $k))
    (block $on (result (ref $k))
      (resume $k (on $pause $on) (cont.new $k (ref.func $middle)))
      (unreachable))
    (local.set $k)
    (call $gc)
    (resume $k (local.get $k))))

;; expected:
;; 3 roots, 3 continuations, 7 frames; 2 objects reachable, 16 bytes
;;
;; continuation 1 of func 3 (export "run"), running
;;   frame 1: func 3 (export "run") at 0x96 (handler_further_out.wat:28)
;;     fp-96 (local 0 $k)  cont  continuation 3 of $inner
;;
;; continuation 2 of $middle, suspended
;;   frame 0: $middle at 0x6f (handler_further_out.wat:18)
;;     fp-64 (local 0 $x)  ref  $s @0x1000
;;
;; continuation 3 of $inner, suspended
;;   frame 0: $inner at 0x52 (handler_further_out.wat:13)
;;     fp-64 (local 0 $x)  ref  $s @0x1008
