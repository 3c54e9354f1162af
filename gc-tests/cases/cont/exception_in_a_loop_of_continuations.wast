;; A hundred continuations in turn end by an exception from three frames deep:
;; nothing is left of any.
;; config: --continuations-max 3
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func (param i32))) (type $k (cont $f))
  (tag $oops (param i32))
  (func $a (param i32) (throw $oops (local.get 0)))
  (func $b (param i32) (call $a (local.get 0)))
  (func $body (type $f) (call $b (local.get 0)))
  (elem declare func $body)
  (func (export "run") (result i32 i64)
    (local $n i32) (local $sum i32)
    (loop $again
      (block $caught (result i32)
        (try_table (catch $oops $caught)
          (resume $k (local.get $n) (cont.new $k (ref.func $body))))
        (unreachable))
      (local.set $sum (i32.add (local.get $sum)))
      (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
        (i32.const 100))))
    (local.get $sum)
    (call $live)))
(assert_return (invoke "run") (i32.const 4950) (i64.const 0))
