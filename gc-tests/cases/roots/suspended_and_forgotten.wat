;; A suspended continuation that nothing refers to: its slot is no root, and the object is out
;; of reach. The next collection ends it.
;; roots --invoke run --at gc:1
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
  (func (export "run")
    (drop (call $paused (ref.func $body)))
    (call $gc)))

;; expected:
;; 0 roots, 1 continuation, 3 frames; 0 objects reachable, 0 bytes; 1 continuation forgotten
