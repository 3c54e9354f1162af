;; Whichever continuation of those that switched to each other returns first
;; ends the resume, with its result.
(module
  (rec (type $f (func (param i32 (ref null $k)) (result i32))) (type $k (cont $f)))
  (tag $swap (result i32))
  (func $body (type $f)
    (loop $again
      (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
      (switch $k $swap (i32.sub (local.get 0) (i32.const 1)) (local.get 1))
      (local.set 1) (local.set 0)
      (br $again))
    (unreachable))
  (func $other (type $f)
    (loop $again
      (if (i32.eqz (local.get 0)) (then (return (i32.const 2))))
      (switch $k $swap (i32.sub (local.get 0) (i32.const 1)) (local.get 1))
      (local.set 1) (local.set 0)
      (br $again))
    (unreachable))
  (elem declare func $body $other)
  (func (export "run") (param i32) (result i32)
    (resume $k (on $swap switch) (local.get 0) (cont.new $k (ref.func $other))
      (cont.new $k (ref.func $body)))))
(assert_return (invoke "run" (i32.const 0)) (i32.const 1))
(assert_return (invoke "run" (i32.const 1)) (i32.const 2))
(assert_return (invoke "run" (i32.const 10)) (i32.const 1))
(assert_return (invoke "run" (i32.const 11)) (i32.const 2))
