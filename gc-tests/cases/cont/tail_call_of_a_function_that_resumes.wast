;; A function that resumes is itself tail-called: its clauses hold for its own
;; resume only.
(module
  (type $f (func (result i32))) (type $k (cont $f))
  (tag $pause)
  (func $leaf (type $f) (suspend $pause) (i32.const 1))
  (func $handles (param (ref $k)) (result i32)
    (block $paused (result (ref $k))
      (return (resume $k (on $pause $paused) (local.get 0))))
    (return_call $finishes))
  (func $finishes (param (ref $k)) (result i32)
    (return_call $plus (resume $k (local.get 0))))
  (func $plus (param i32) (result i32) (i32.add (local.get 0) (i32.const 10)))
  (elem declare func $leaf)
  (func (export "run") (result i32)
    (return_call $handles (cont.new $k (ref.func $leaf)))))
(assert_return (invoke "run") (i32.const 11))
