;; Of two resumes that handle a switch, the inner one does: the target returns
;; to it.
(module
  (type $f0 (func (result i32)))
  (type $k0 (cont $f0))
  (type $f (func (param (ref null $k0)) (result i32)))
  (type $k (cont $f))
  (tag $swap (result i32))
  (func $target (type $f) (i32.const 1))
  (func $leaf (type $f0) (switch $k $swap (cont.new $k (ref.func $target))) (unreachable))
  (func $inner (type $f0)
    (i32.add (i32.const 10) (resume $k0 (on $swap switch) (cont.new $k0 (ref.func $leaf)))))
  (elem declare func $target $leaf $inner)
  (func (export "run") (result i32)
    (i32.add (i32.const 100) (resume $k0 (on $swap switch) (cont.new $k0
      (ref.func $inner))))))
(assert_return (invoke "run") (i32.const 111))
