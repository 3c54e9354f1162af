;; A continuation that returns frees its stack at that moment: a hundred
;; thousand of them, one after the other, need no collection and few stacks.
;; only: default, unoptimised
;; config: --continuations-max 4
(module
  (import "mangrove" "collections" (func $collections (result i64)))
  (type $f (func))
  (type $k (cont $f))
  (func $body)
  (elem declare func $body)
  (func (export "run") (result i64)
    (local $n i32)
    (loop $next
      (resume $k (cont.new $k (ref.func $body)))
      (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
        (i32.const 100000))))
    (call $collections)))
(assert_return (invoke "run") (i64.const 0))
