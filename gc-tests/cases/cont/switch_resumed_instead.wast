;; A continuation that switched away may be resumed like any other, by somebody
;; else.
(module
  (rec (type $f (func (param (ref null $k)) (result i32))) (type $k (cont $f)))
  (tag $swap (result i32))
  (func $first (type $f)
    (drop (switch $k $swap (cont.new $k (ref.func $second))))
    (i32.const 1))
  (func $second (type $f)
    ;; Now the first one is this one's child.
    (i32.add (i32.const 10) (resume $k (ref.null $k) (local.get 0))))
  (elem declare func $first $second)
  (func (export "run") (result i32)
    (resume $k (on $swap switch) (ref.null $k) (cont.new $k (ref.func $first)))))
(assert_return (invoke "run") (i32.const 11))
