;; A suspended continuation that only a frame held which an exception left is
;; garbage: it goes with the next collection.
;; only: default, unoptimised
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func)) (type $k (cont $f))
  (tag $pause) (tag $oops)
  (func $sleeps (type $f) (suspend $pause))
  (func $holds (type $f)
    (local $k (ref null $k))
    (block $paused (result (ref $k))
      (resume $k (on $pause $paused) (cont.new $k (ref.func $sleeps)))
      (unreachable))
    (local.set $k)
    (if (ref.is_null (local.get $k)) (then (return)))
    (throw $oops))
  (elem declare func $sleeps $holds)
  (func (export "run") (result i64 i64)
    (block $caught
      (try_table (catch $oops $caught) (resume $k (cont.new $k (ref.func $holds))))
      (unreachable))
    (call $live)
    (call $gc)
    (call $live)))
(assert_return (invoke "run") (i64.const 1) (i64.const 0))
