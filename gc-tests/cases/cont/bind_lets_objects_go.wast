;; Bound objects die with a continuation that is never resumed.
;; config: --heap-max 1M
;; only: default, unoptimised
(module
  (import "mangrove" "continuations" (func $live (result i64)))
  (import "mangrove" "gc" (func $gc))
  (type $a (array i64))
  (type $f (func (param (ref $a)))) (type $k (cont $f))
  (type $f0 (func)) (type $k0 (cont $f0))
  (func $nothing (type $f))
  (elem declare func $nothing)
  (func (export "run") (result i64)
    (local $n i32)
    ;; 100 times 80 KB: eight times what the heap can hold.
    (loop $again
      (drop (cont.bind $k $k0 (array.new $a (i64.const 1) (i32.const 10000))
        (cont.new $k (ref.func $nothing))))
      (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
        (i32.const 100))))
    (call $gc)
    (call $live)))
(assert_return (invoke "run") (i64.const 0))
