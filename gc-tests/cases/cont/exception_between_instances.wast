;; A tag that two instances share is one: what one throws in a continuation the
;; other catches around its resume.
(module
  (tag $oops (export "oops") (param i32))
  (func (export "throw") (throw $oops (i32.const 5))))
(register "thrower")
(module
  (tag $oops (import "thrower" "oops") (param i32))
  (func $throw (import "thrower" "throw"))
  (tag $mine (param i32))
  (type $f (func)) (type $k (cont $f))
  (elem declare func $throw)
  (func (export "run") (result i32)
    (block $caught (result i32)
      (block $not_mine (result i32)
        (try_table (catch $mine $not_mine) (catch $oops $caught)
          (resume $k (cont.new $k (ref.func $throw))))
        (unreachable))
      (return (i32.const -1)))))
(assert_return (invoke "run") (i32.const 5))
