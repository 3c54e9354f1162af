;; A chain of switches in which nobody keeps the one that switched: each is
;; garbage at the next collection.
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "continuations" (func $live (result i64)))
  (rec (type $f (func (param i32 (ref null $k)) (result i64))) (type $k (cont $f)))
  (tag $swap (result i64))
  (func $next (type $f)
    (local.set 1 (ref.null $k))
    (call $gc)
    (if (i32.eqz (local.get 0)) (then (return (call $live))))
    (switch $k $swap (i32.sub (local.get 0) (i32.const 1)) (cont.new $k (ref.func $next)))
    (unreachable))
  (elem declare func $next)
  (func (export "run") (result i64)
    (resume $k (on $swap switch) (i32.const 30) (ref.null $k) (cont.new $k
      (ref.func $next)))))
(assert_return (invoke "run") (i64.const 1))
