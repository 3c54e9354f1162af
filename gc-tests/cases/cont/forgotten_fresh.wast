;; A continuation that never ran and that nothing refers to is reclaimed.
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func)) (type $k (cont $f))
  (func $body (type $f))
  (elem declare func $body)
  (func (export "run") (result i64)
    (local $n i32)
    (loop $again
      (drop (cont.new $k (ref.func $body)))
      (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
        (i32.const 100))))
    (call $gc)
    (call $live)))
(assert_return (invoke "run") (i64.const 0))
