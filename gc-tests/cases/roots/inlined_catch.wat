;; A function that throws is compiled into a try_table of another one: the exception is caught
;; there, and at the collection in the clause only the exception's object is held.
;; config: --opt-level inline
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $look (param $x (ref $s))
    (drop (struct.get $s 0 (local.get $x))))
  (tag $e (param (ref $s)))
  (func $throws (param $x (ref $s)) (throw $e (local.get $x)))
  (func $does (param $y (ref $s))
    (call $throws (struct.new $s (i32.const 2)))
    (call $look (local.get $y)))
  (func (export "run") (local $caught (ref null $s))
    (block $on (result (ref $s))
      (try_table (catch $e $on) (call $does (struct.new $s (i32.const 1))))
      (unreachable))
    (local.set $caught)
    (call $gc)
    (call $look (ref.as_non_null (local.get $caught)))))

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: func 4 (export "run") at 0x79 (inlined_catch.wat:20)
;;     fp-80 (local 0 $caught)  ref  $s @0x1008
