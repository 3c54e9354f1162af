;; The same ring without the global: nothing refers to either but the other, and neither is
;; reached.
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
  (func $body (local $b (ref null $box))
    (local.set $b (global.get $g))
    (suspend $pause)
    (drop (struct.get $box $k (local.get $b))))
  (func $paused (param $of (ref $f)) (result (ref $k))
    (block $on (result (ref $k))
      (resume $k (on $pause $on) (cont.new $k (local.get $of)))
      (unreachable)))
  (elem declare func $body)
  (func (export "run")
    (global.set $g (struct.new $box (ref.null $k)))
    (struct.set $box $k (global.get $g) (call $paused (ref.func $body)))
    (global.set $g (ref.null $box))
    (call $gc)))

;; expected:
;; 0 roots, 1 continuation, 3 frames; 0 objects reachable, 0 bytes; 1 continuation forgotten
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; outside of stacks
;;   globals
;;     global 0 $g    null
