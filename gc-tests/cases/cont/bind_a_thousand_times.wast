;; Continuations bound and forgotten by the thousand: bound arguments take no
;; more room than those alive need.
;; only: default, unoptimised
;; config: --continuations-max 10
(module
  (type $s (struct (field i32)))
  (type $f (func (param (ref $s)))) (type $k (cont $f))
  (type $f0 (func)) (type $k0 (cont $f0))
  (func $nothing (type $f))
  (elem declare func $nothing)
  (func (export "run") (result i32)
    (local $n i32)
    (loop $again
      (drop (cont.bind $k $k0 (struct.new $s (local.get $n)) (cont.new $k
        (ref.func $nothing))))
      (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
        (i32.const 10000))))
    (local.get $n)))
(assert_return (invoke "run") (i32.const 10000))
