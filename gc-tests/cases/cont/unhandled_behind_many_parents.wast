;; The search for a handler ends at the host, however far it is, and the store
;; goes on.
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func (param i32)))
  (type $k (cont $f))
  (tag $e)
  (func $down (param $n i32)
    (if (i32.eqz (local.get $n)) (then (suspend $e)))
    (resume $k (i32.sub (local.get $n) (i32.const 1)) (cont.new $k (ref.func $down))))
  (elem declare func $down)
  (func (export "run") (call $down (i32.const 50)))
  (func (export "live") (result i64) (call $live)))
(assert_suspension (invoke "run") "unhandled tag")
(assert_return (invoke "live") (i64.const 0))
(assert_suspension (invoke "run") "unhandled tag")
(assert_return (invoke "live") (i64.const 0))
