;; A global is set to a young object long after it was made.
(module
  (type $box (struct (field i32))) (type $filler (array i8))
  ;; Uses the young space up three times over.
  (func $churn (local $i i32)
    (loop $next
      (drop (array.new_default $filler (i32.const 8000)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 400)))))
  (func $young (result (ref null $box)) (struct.new $box (i32.const 42)))
  (global $g (mut (ref null $box)) (ref.null $box))
  (func (export "run") (result i32)
    (call $churn)
    (global.set $g (call $young))
    (call $churn)
    (struct.get $box 0 (global.get $g))))
(assert_return (invoke "run") (i32.const 42))
