;; A continuation that only a waiting parent's frame refers to is alive while a
;; child runs.
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func (result i64))) (type $k (cont $f))
  (tag $pause)
  (func $sleeps (type $f) (suspend $pause) (i64.const 100))
  (func $child (type $f) (call $gc) (call $live))
  (func $parent (type $f)
    (local $kept (ref null $k))
    (block $paused (result (ref $k))
      (return (resume $k (on $pause $paused) (cont.new $k (ref.func $sleeps)))))
    (local.set $kept)
    (i64.add (resume $k (cont.new $k (ref.func $child))) (resume $k (local.get $kept))))
  (elem declare func $sleeps $child $parent)
  (func (export "run") (result i64) (resume $k (cont.new $k (ref.func $parent)))))
(assert_return (invoke "run") (i64.const 103))
