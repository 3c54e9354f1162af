;; A field holds a reference that was used: it keeps nothing, and the continuation, suspended
;; again, is out of reach.
;; config: --continuations-in-objects trace
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (type $box (struct (field $k (mut (ref null $k)))))
  (global $g (mut (ref null $box)) (ref.null $box))
  (func $paused (param $of (ref $f)) (result (ref $k))
    (block $on (result (ref $k))
      (resume $k (on $pause $on) (cont.new $k (local.get $of)))
      (unreachable)))
  (func $body (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (suspend $pause)
    (suspend $pause)
    (drop (struct.get $s 0 (local.get $x))))
  (elem declare func $body)
  (func (export "run")
    (global.set $g (struct.new $box (call $paused (ref.func $body))))
    (block $on (result (ref $k))
      (resume $k (on $pause $on) (struct.get $box $k (global.get $g)))
      (unreachable))
    (drop)
    (call $gc)))

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 24 bytes; 1 continuation forgotten
;;
;; outside of stacks
;;   globals
;;     global 0 $g  ref  $box @0x1008
