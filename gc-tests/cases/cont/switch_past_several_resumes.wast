;; A switch reaches past resumes that do not handle it: those between it and
;; the handler are suspended with it, and go on with it when it is switched
;; back to.
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "continuations" (func $live (result i64)))
  (rec (type $f (func (param (ref null $k)) (result i64))) (type $k (cont $f)))
  (type $g (func (param i32) (result i64)))
  (type $kg (cont $g))
  (tag $swap (result i64))
  (func $down (param $n i32) (result i64)
    (if (i32.eqz (local.get $n))
      (then (drop (switch $k $swap (cont.new $k (ref.func $other)))) (return
        (i64.const 1000))))
    (i64.add (i64.const 1)
      (resume $kg (i32.sub (local.get $n) (i32.const 1)) (cont.new $kg (ref.func $down)))))
  (global $seen (mut i64) (i64.const 0))
  (func $other (type $f)
    (call $gc)
    (global.set $seen (call $live))
    (drop (switch $k $swap (local.get 0)))
    (unreachable))
  (elem declare func $down $other)
  (func (export "run") (param i32) (result i64 i64)
    (resume $kg (on $swap switch) (local.get 0) (cont.new $kg (ref.func $down)))
    (global.get $seen)))
(assert_return (invoke "run" (i32.const 1)) (i64.const 1001) (i64.const 3))
(assert_return (invoke "run" (i32.const 20)) (i64.const 1020) (i64.const 22))
