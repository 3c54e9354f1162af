;; The chain that suspends as one may be long, and may do so often.
;; only: default, unoptimised
;; config: --stack-size 4K
(module
  (type $f (func (param i32)))
  (type $k (cont $f))
  (type $g (func))
  (type $kg (cont $g))
  (tag $turn)
  (func $down (param $n i32)
    (if (local.get $n)
      (then (resume $k (i32.sub (local.get $n) (i32.const 1)) (cont.new $k
        (ref.func $down))))
      (else (loop $again (suspend $turn) (br $again)))))
  (elem declare func $down)
  (func (export "run") (result i32)
    (local $k (ref null $kg)) (local $n i32)
    (local.set $k (cont.bind $k $kg (i32.const 1000) (cont.new $k (ref.func $down))))
    (loop $again
      (block $h (result (ref $kg))
        (resume $kg (on $turn $h) (local.get $k))
        (unreachable))
      (local.set $k)
      (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
        (i32.const 1000))))
    (local.get $n)))
(assert_return (invoke "run") (i32.const 1000))
