;; A hundred thousand continuations are made, suspend and are forgotten, in a
;; store that can have a hundred at a time. (An engine could make 32,710 ever.)
;; only: default, unoptimised
;; config: --continuations-max 100
(module
  (type $f (func)) (type $k (cont $f))
  (tag $pause)
  (func $body (type $f) (suspend $pause))
  (elem declare func $body)
  (func (export "run") (result i32)
    (local $n i32)
    (loop $again
      (block $paused (result (ref $k))
        (resume $k (on $pause $paused) (cont.new $k (ref.func $body)))
        (unreachable))
      (drop)
      (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
        (i32.const 100000))))
    (local.get $n)))
(assert_return (invoke "run") (i32.const 100000))
