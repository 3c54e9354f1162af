;; A heap full of live objects is a trap; the store goes on, and what was held
;; by the trapped call is free again.
;; config: --heap-max 1M
;; only: default, unoptimised, zeal_switch, zeal_call, zeal_switch_minor, zeal_call_minor
(module
  (type $n (struct (field (ref null $n)) (field i64)))
  (func (export "fill")
    (local $list (ref null $n))
    (loop $more
      (local.set $list (struct.new $n (local.get $list) (i64.const 1)))
      (br $more)))
  (func (export "some") (result i64)
    (local $list (ref null $n)) (local $n i32)
    (loop $more
      (local.set $list (struct.new $n (local.get $list) (i64.const 3)))
      (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
        (i32.const 1000))))
    (struct.get $n 1 (local.get $list))))
(assert_exhaustion (invoke "fill") "heap exhausted")
(assert_return (invoke "some") (i64.const 3))
(assert_exhaustion (invoke "fill") "heap exhausted")
(assert_return (invoke "some") (i64.const 3))
