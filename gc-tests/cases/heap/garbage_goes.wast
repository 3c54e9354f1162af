;; What nothing refers to takes no room after a collection, cycles included.
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "heap_bytes" (func $bytes (result i64)))
  (type $n (struct (field (mut (ref null $n)))))
  (func $ring
    (local $a (ref null $n)) (local $b (ref null $n))
    (local.set $a (struct.new $n (ref.null $n)))
    (local.set $b (struct.new $n (local.get $a)))
    (struct.set $n 0 (local.get $a) (local.get $b)))
  (func (export "run") (result i64)
    (local $n i32)
    (loop $more
      (call $ring)
      (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
        (i32.const 1000))))
    (call $gc)
    (call $bytes)))
(assert_return (invoke "run") (i64.const 0))
