;; A clause's label inside of a try_table: the code there is in it, and what it
;; throws is caught.
(module
  (type $f (func)) (type $k (cont $f))
  (tag $pause) (tag $oops (param i32))
  (func $body (type $f) (suspend $pause) (throw $oops (i32.const 2)))
  (elem declare func $body)
  (func (export "run") (param $resume i32) (result i32)
    (local $k (ref null $k))
    (block $caught (result i32)
      (try_table (result i32) (catch $oops $caught)
        (block $paused (result (ref $k))
          (resume $k (on $pause $paused) (cont.new $k (ref.func $body)))
          (unreachable))
        (local.set $k)
        (if (local.get $resume) (then (resume $k (local.get $k))))
        (throw $oops (i32.const 1))))))
(assert_return (invoke "run" (i32.const 0)) (i32.const 1))
(assert_return (invoke "run" (i32.const 1)) (i32.const 2))
