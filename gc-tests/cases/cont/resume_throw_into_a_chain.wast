;; What is thrown into a chain that suspended as one is looked for from its
;; innermost continuation outwards; the one that catches it goes on, and
;; returns to the resume_throw.
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func (result i64))) (type $k (cont $f))
  (tag $pause) (tag $cancel)
  (func $leaf (type $f) (suspend $pause) (unreachable))
  (func $inner (type $f) (resume $k (cont.new $k (ref.func $leaf))))
  (func $middle (type $f)
    (block $caught
      (try_table (catch $cancel $caught)
        (drop (resume $k (cont.new $k (ref.func $inner)))))
      (unreachable))
    (call $live))
  (func $outer (type $f)
    (i64.add (i64.const 100) (resume $k (cont.new $k (ref.func $middle)))))
  (elem declare func $leaf $inner $middle $outer)
  (func (export "run") (result i64)
    (local $k (ref null $k))
    (block $paused (result (ref $k))
      (return (resume $k (on $pause $paused) (cont.new $k (ref.func $outer)))))
    (local.set $k)
    (i64.add (i64.const 1000) (resume_throw $k $cancel (local.get $k)))))
(assert_return (invoke "run") (i64.const 1102))
