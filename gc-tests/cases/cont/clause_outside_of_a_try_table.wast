;; A clause's label outside of the try_table around its resume: the code there
;; is not in it.
(module
  (type $f (func)) (type $k (cont $f))
  (tag $pause) (tag $oops (param i32))
  (func $body (type $f) (suspend $pause) (throw $oops (i32.const 2)))
  (elem declare func $body)
  (func (export "run")
    (block $caught (result i32)
      (block $paused (result (ref $k))
        (try_table (catch $oops $caught)
          (resume $k (on $pause $paused) (cont.new $k (ref.func $body))))
        (unreachable))
      (resume $k)
      (unreachable))
    (drop)))
(assert_exception (invoke "run"))
