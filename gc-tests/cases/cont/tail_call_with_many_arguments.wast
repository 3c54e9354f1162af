;; A tail call with more arguments than its caller had, more than registers
;; take, moves the frame at the base of a continuation's stack.
(module
  (type $f (func (param i32) (result i64))) (type $k (cont $f))
  (tag $pause)
  (type $g (func (result i64))) (type $kg (cont $g))
  (func $sum
    (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (result i64)
    (suspend $pause)
    (i64.add (local.get 0) (i64.add (local.get 7) (local.get 15))))
  (func $body (type $f)
    (return_call $sum (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
      (i64.const 6) (i64.const 7) (i64.const 80) (i64.const 9) (i64.const 10) (i64.const 11)
      (i64.const 12) (i64.const 13) (i64.const 14) (i64.const 15) (i64.const 1600)))
  (elem declare func $body)
  (func (export "run") (result i64)
    (block $paused (result (ref $kg))
      (return (resume $k (on $pause $paused) (i32.const 0) (cont.new $k (ref.func $body)))))
    (resume $kg)))
(assert_return (invoke "run") (i64.const 1681))
