;; A thousand continuations in a ring, each known by its place in a table: each
;; switches to the next, a hundred times around.
;; only: default, unoptimised
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (rec (type $f (func (param (ref null $k)) (result i64))) (type $k (cont $f)))
  (tag $next (result i64))
  (table $ring 1000 (ref null $k))
  (global $at (mut i32) (i32.const 999))
  (global $left (mut i32) (i32.const 100000))
  ;; Puts the one that switched here into its place, and goes on to the next.
  (func $body (type $f)
    (loop $again
      (table.set $ring (global.get $at) (local.get 0))
      (global.set $at (i32.rem_u (i32.add (global.get $at) (i32.const 1)) (i32.const 1000)))
      (global.set $left (i32.sub (global.get $left) (i32.const 1)))
      (if (i32.eqz (global.get $left)) (then (return (call $live))))
      (local.set 0 (switch $k $next
        (table.get $ring (i32.rem_u (i32.add (global.get $at) (i32.const 1))
          (i32.const 1000)))))
      (br $again))
    (unreachable))
  (elem declare func $body)
  (func (export "run") (result i64)
    (local $n i32)
    (loop $more
      (table.set $ring (local.get $n) (cont.new $k (ref.func $body)))
      (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
        (i32.const 1000))))
    (resume $k (on $next switch) (table.get $ring (i32.const 999)) (table.get $ring
      (i32.const 0)))))
(assert_return (invoke "run") (i64.const 1000))
