;; When a continuation with a bound argument runs, the argument is its function's parameter:
;; a slot of its frame, and bound no more.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (type $g (func (param (ref null $s))))
  (type $kg (cont $g))
  (func $takes (type $g) (param $x (ref null $s))
    (call $gc)
    (drop (struct.get $s 0 (local.get $x))))
  (elem declare func $takes)
  (func (export "run")
    (resume $k (cont.bind $kg $k (struct.new $s (i32.const 1)) (cont.new $kg (ref.func $takes))))))

;; expected:
;; 1 root, 2 continuations, 5 frames; 1 object reachable, 8 bytes
;;
;; continuation 2 of $takes, running
;;   frame 1: $takes at 0x4b (bound_and_resumed.wat:13)
;;     fp-24 (local 0 $x)  ref  $s @0x1000
