;; The clauses of a resume handle suspensions, not exceptions, though the tag
;; be the same.
(module
  (type $f (func)) (type $k (cont $f))
  (tag $e)
  (func $body (type $f) (throw $e))
  (elem declare func $body)
  (func $run
    (block $on_e (result (ref $k))
      (resume $k (on $e $on_e) (on $e switch) (cont.new $k (ref.func $body)))
      (unreachable))
    (unreachable))
  (func (export "run") (result i32)
    (block $caught
      (try_table (catch $e $caught) (call $run))
      (return (i32.const 0)))
    (i32.const 1)))
(assert_return (invoke "run") (i32.const 1))
