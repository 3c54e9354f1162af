;; An exception in what was switched to does not land in a try_table around the
;; switch: that frame is suspended.
(module
  (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
  (tag $swap)
  (tag $oops)
  (func $second (type $f) (throw $oops))
  (func $first (type $f)
    (block $caught
      (try_table (catch $oops $caught) (drop (switch $k $swap (cont.new $k
        (ref.func $second)))))
      (return))
    (unreachable))
  (elem declare func $first $second)
  (func (export "run") (result i32)
    (block $caught
      (try_table (catch $oops $caught)
        (resume $k (on $swap switch) (ref.null $k) (cont.new $k (ref.func $first))))
      (return (i32.const 0)))
    (i32.const 1)))
(assert_return (invoke "run") (i32.const 1))
