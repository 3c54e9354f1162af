;; The limit of live continuations is a trap; unreachable ones do not count
;; against it, and the store goes on.
;; config: --continuations-max 20
(module
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (table $parked 100 (ref null $k))
  (func $body (suspend $pause))
  (elem declare func $body)
  (func $park (param $at i32)
    (local $k (ref null $k))
    (block $h (result (ref $k))
      (resume $k (on $pause $h) (cont.new $k (ref.func $body)))
      (unreachable))
    (local.set $k)
    (table.set $parked (local.get $at) (local.get $k)))
  (func (export "keep") (param $many i32)
    (loop $more
      (call $park (local.get $many))
      (br_if $more (local.tee $many (i32.sub (local.get $many) (i32.const 1))))))
  (func (export "drop") (param $many i32)
    (loop $more
      (call $park (i32.const 0))
      (br_if $more (local.tee $many (i32.sub (local.get $many) (i32.const 1))))))
  (func (export "forget") (table.fill $parked (i32.const 0) (ref.null $k) (i32.const 100))))
(assert_exhaustion (invoke "keep" (i32.const 50)) "the limit of 20 live continuations")
(invoke "forget")
(assert_return (invoke "keep" (i32.const 10)))
(assert_return (invoke "drop" (i32.const 1000)))
