;; A continuation that was made before a minor collection is resumed after it.
(module
  (type $box (struct (field i32))) (type $filler (array i8))
  (type $gives (func (result i32))) (type $k (cont $gives))
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
  (elem declare func $keeps)
  (func (export "run") (result i32) (local $k (ref null $k))
    (local.set $k (cont.new $k (ref.func $keeps)))
    (call $churn)
    (resume $k (local.get $k))))
(assert_return (invoke "run") (i32.const 42))
