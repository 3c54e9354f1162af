;; A continuation of a function from another instance runs in that instance:
;; its globals are the ones that change.
(module
  (global $n (export "n") (mut i32) (i32.const 0))
  (func (export "add") (param i32)
    (global.set $n (i32.add (global.get $n) (local.get 0)))))
(register "counter")
(module
  (type $f (func (param i32)))
  (type $k (cont $f))
  (import "counter" "add" (func $add (param i32)))
  (import "counter" "n" (global $n (mut i32)))
  (elem declare func $add)
  (func (export "run") (result i32)
    (resume $k (i32.const 4) (cont.new $k (ref.func $add)))
    (resume $k (i32.const 5) (cont.new $k (ref.func $add)))
    (global.get $n)))
(assert_return (invoke "run") (i32.const 9))
