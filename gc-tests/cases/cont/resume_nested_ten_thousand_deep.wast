;; Ten thousand continuations, each resumed by the one before; the last one
;; counts them all, and all return.
;; only: default, unoptimised
;; config: --stack-size 4K
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func (param i32) (result i64)))
  (type $k (cont $f))
  (func $down (param $n i32) (result i64)
    (if (result i64) (local.get $n)
      (then (resume $k (i32.sub (local.get $n) (i32.const 1)) (cont.new $k
        (ref.func $down))))
      (else (call $live))))
  (elem declare func $down)
  (func (export "run") (param $n i32) (result i64) (call $down (local.get $n)))
  (func (export "live") (result i64) (call $live)))
(assert_return (invoke "run" (i32.const 10000)) (i64.const 10000))
(assert_return (invoke "live") (i64.const 0))
(assert_return (invoke "run" (i32.const 10000)) (i64.const 10000))
