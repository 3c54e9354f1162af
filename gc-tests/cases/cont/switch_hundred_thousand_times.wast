;; Two continuations switch to each other a hundred thousand times: nothing
;; grows.
;; only: default, unoptimised
;; config: --continuations-max 3
(module
  (rec (type $f (func (param i32 (ref null $k)) (result i32))) (type $k (cont $f)))
  (tag $swap (result i32))
  (func $body (type $f)
    (loop $again
      (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))
      (switch $k $swap (i32.sub (local.get 0) (i32.const 1)) (local.get 1))
      (local.set 1) (local.set 0)
      (br $again))
    (unreachable))
  (elem declare func $body)
  (func (export "run") (result i32)
    (resume $k (on $swap switch) (i32.const 100000) (cont.new $k (ref.func $body))
      (cont.new $k (ref.func $body)))))
(assert_return (invoke "run") (i32.const 7))
