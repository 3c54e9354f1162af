;; A continuation that was switched to runs out of stack: the one that switched
;; lives.
;; config: --stack-size 4K
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
  (tag $swap)
  (global $first (mut (ref null $k)) (ref.null $k))
  (func $forever (call $forever) (call $forever))
  (func $second (type $f) (global.set $first (local.get 0)) (call $forever))
  (func $first (type $f) (drop (switch $k $swap (cont.new $k (ref.func $second)))))
  (elem declare func $first $second)
  (func (export "run")
    (resume $k (on $swap switch) (ref.null $k) (cont.new $k (ref.func $first))))
  (func (export "live") (result i64) (call $live))
  (func (export "rest") (resume $k (ref.null $k) (global.get $first))))
(assert_exhaustion (invoke "run") "call stack exhausted")
(assert_return (invoke "live") (i64.const 1))
(assert_return (invoke "rest"))
(assert_return (invoke "live") (i64.const 0))
