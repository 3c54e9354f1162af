;; The same where the child throws.
(module
  (type $box (struct (field i32))) (type $filler (array i8))
  (type $gives (func (result i32))) (type $k (cont $gives))
  (tag $oops)
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
  (func $body (type $gives) (call $churn) (throw $oops))
  (elem declare func $body)
  (func (export "run") (result i32)
    (block $caught
      (try_table (catch $oops $caught) (drop (resume $k (cont.new $k (ref.func $body))))))
    (call $keeps)))
(assert_return (invoke "run") (i32.const 42))
