;; A trap in a continuation is no exception: no try_table around a resume sees
;; it.
(module
  (type $f (func)) (type $k (cont $f))
  (func $traps (type $f) (unreachable))
  (elem declare func $traps)
  (func (export "run")
    (block $caught
      (try_table (catch_all $caught) (resume $k (cont.new $k (ref.func $traps)))))))
(assert_trap (invoke "run") "unreachable")
