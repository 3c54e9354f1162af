;; A local that is not read after the suspension holds nothing while it waits.
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
  (func $body (local $x (ref null $s))
    (local.set $x (struct.new $s (i32.const 1)))
    (drop (struct.get $s 0 (local.get $x)))
    (suspend $pause))
  (elem declare func $body)
  (func (export "run") (local $k (ref null $k))
    (local.set $k (call $paused (ref.func $body)))
    (call $gc)
    (resume $k (local.get $k))))

;; expected:
;; 1 root, 2 continuations, 5 frames; 0 objects reachable, 0 bytes
;;
;; continuation 1 of func 3 (export "run"), running
;;   frame 1: func 3 (export "run") at 0x7d (suspended_dead_local.wat:20)
;;     fp-64 (local 0 $k)  cont  continuation 2 of $body
