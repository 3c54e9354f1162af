;; An exception that was caught and is held in a local is a root. What it carries is held by
;; it: two objects, one slot.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (tag $e (param i32 (ref $s)))
  (func $exn (param exnref))
  (func (export "run") (local $x exnref)
    (block $on (result i32 (ref $s) exnref)
      (try_table (catch_ref $e $on)
        (throw $e (i32.const 7) (call $make (i32.const 1))))
      (unreachable))
    (local.set $x) (drop) (drop)
    (call $gc)
    (call $exn (local.get $x))))

;; expected:
;; 1 root, 1 continuation, 3 frames; 2 objects reachable, 32 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: func 4 (export "run") at 0x80 (exception_caught.wat:18)
;;     fp-72 (local 0 $x)  ref  exception $e @0x1008
