;; A continuation goes on after a suspension with a tail call, and that
;; function suspends too.
(module
  (type $f (func (result i32))) (type $k (cont $f))
  (tag $pause)
  (func $body (type $f) (suspend $pause) (return_call $next (i32.const 3)))
  (func $next (param i32) (result i32)
    (suspend $pause)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 9))))
    (return_call $next (i32.sub (local.get 0) (i32.const 1))))
  (elem declare func $body)
  (func (export "run") (result i32 i32)
    (local $k (ref null $k)) (local $n i32)
    (local.set $k (cont.new $k (ref.func $body)))
    (loop $again
      (block $paused (result (ref $k))
        (return (resume $k (on $pause $paused) (local.get $k)) (local.get $n)))
      (local.set $k)
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br $again))
    (unreachable)))
(assert_return (invoke "run") (i32.const 9) (i32.const 5))
