;; A parked continuation has its frames in a buffer: the same slots, at the same distances, as
;; on a stack. The first collection has parked it, and the second looks.
;; config: --park-after 0 --park-keep 0
;; roots --invoke run --at gc:2
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
  (elem declare func $body)
  (global $g (mut (ref null $k)) (ref.null $k))
  (func (export "run")
    (global.set $g (call $paused (ref.func $body)))
    (call $gc) (call $gc)))

;; expected:
;; 2 roots, 2 continuations, 5 frames; 1 object reachable, 8 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $g  cont  continuation 2 of $body
;;
;; continuation 2 of $body, suspended, parked
;;   frame 0: $body at 0x5f (parked.wat:13)
;;     fp-64 (local 0 $x)  ref  $s @0x41003000
