;; A young object is bound to a continuation that slept through a minor collection, and
;; sleeps with it through the next one.
(module
  (type $box (struct (field i32))) (type $filler (array i8))
  (type $gives (func (result i32))) (type $k (cont $gives))
  (type $takes (func (param (ref null $box)) (result i32))) (type $kt (cont $takes))
  ;; Uses the young space up three times over.
  (func $churn (local $i i32)
    (loop $next
      (drop (array.new_default $filler (i32.const 8000)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 400)))))
  (func $young (result (ref null $box)) (struct.new $box (i32.const 42)))
  (func $keeps (type $gives) (local $x (ref null $box))
    (local.set $x (call $young))
    (call $churn)
    (struct.get $box 0 (local.get $x)))
  (func $value (type $takes) (struct.get $box 0 (local.get 0)))
  (elem declare func $value)
  (func (export "run") (result i32) (local $kt (ref null $kt)) (local $k (ref null $k))
    (local.set $kt (cont.new $kt (ref.func $value)))
    (call $churn)
    (local.set $k (cont.bind $kt $k (call $young) (local.get $kt)))
    (call $churn)
    (resume $k (local.get $k))))
(assert_return (invoke "run") (i32.const 42))
