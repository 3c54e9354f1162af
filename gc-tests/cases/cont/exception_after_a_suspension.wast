;; An exception thrown after a suspension leaves through the resume of that
;; time, not through the first one.
(module
  (type $f (func)) (type $k (cont $f))
  (tag $pause) (tag $oops)
  (func $body (type $f) (suspend $pause) (throw $oops))
  (elem declare func $body)
  (func (export "run") (result i32)
    (local $k (ref null $k))
    (block $first
      (try_table (catch $oops $first)
        (block $paused (result (ref $k))
          (resume $k (on $pause $paused) (cont.new $k (ref.func $body)))
          (unreachable))
        (local.set $k))
      (block $second
        (try_table (catch $oops $second) (resume $k (local.get $k)))
        (return (i32.const 0)))
      (return (i32.const 2)))
    (i32.const 1)))
(assert_return (invoke "run") (i32.const 2))
