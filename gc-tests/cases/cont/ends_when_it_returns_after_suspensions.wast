;; A continuation that suspended a few times is gone when it returns, like any
;; other.
;; config: --continuations-max 2
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func)) (type $k (cont $f))
  (tag $pause)
  (func $body (type $f) (suspend $pause) (suspend $pause) (suspend $pause))
  (elem declare func $body)
  (func $to_the_end (param $k (ref null $k)) (result i64)
    (local.get $k)
    (loop $again (param (ref null $k))
      (local.set $k)
      (resume $k (on $pause $again) (local.get $k)))
    (call $live))
  (func (export "run") (result i64 i64)
    (call $to_the_end (cont.new $k (ref.func $body)))
    (call $to_the_end (cont.new $k (ref.func $body)))))
(assert_return (invoke "run") (i64.const 0) (i64.const 0))
