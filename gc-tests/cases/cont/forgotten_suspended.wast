;; Suspended continuations that nothing refers to are reclaimed with all they
;; hold: a hundred times 80 KB go through a heap of 1 MB.
;; only: default, unoptimised
;; config: --heap-max 1M
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $a (array i64))
  (type $f (func)) (type $k (cont $f))
  (tag $pause)
  (func $body (type $f)
    (local $a (ref $a))
    (local.set $a (array.new $a (i64.const 1) (i32.const 10000)))
    (suspend $pause)
    (drop (array.len (local.get $a))))
  (elem declare func $body)
  (func (export "run") (result i64)
    (local $n i32)
    (loop $again
      (block $paused (result (ref $k))
        (resume $k (on $pause $paused) (cont.new $k (ref.func $body)))
        (unreachable))
      (drop)
      (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
        (i32.const 100))))
    (call $gc)
    (call $live)))
(assert_return (invoke "run") (i64.const 0))
