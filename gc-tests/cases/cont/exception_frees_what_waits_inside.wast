;; An exception thrown into a chain that suspended as one frees all of it, at
;; once.
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func (param i32))) (type $k (cont $f))
  (type $g (func)) (type $kg (cont $g))
  (tag $pause) (tag $cancel)
  (func $down (type $f)
    (if (i32.eqz (local.get 0)) (then (suspend $pause) (return)))
    (resume $k (i32.sub (local.get 0) (i32.const 1)) (cont.new $k (ref.func $down))))
  (elem declare func $down)
  (func (export "run") (result i64 i64)
    (local $k (ref null $kg))
    (block $paused (result (ref $kg))
      (resume $k (on $pause $paused) (i32.const 9) (cont.new $k (ref.func $down)))
      (unreachable))
    (local.set $k)
    (call $live)
    (block $caught
      (try_table (catch $cancel $caught) (resume_throw $kg $cancel (local.get $k)))
      (unreachable))
    (call $live)))
(assert_return (invoke "run") (i64.const 10) (i64.const 0))
