;; A young object is stored into an old struct, and nowhere else.
(module
  (type $box (struct (field i32))) (type $filler (array i8))
  (type $cell (struct (field (mut (ref null $box)))))
  ;; Uses the young space up three times over.
  (func $churn (local $i i32)
    (loop $next
      (drop (array.new_default $filler (i32.const 8000)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 400)))))
  (func $young (result (ref null $box)) (struct.new $box (i32.const 42)))
  (func (export "run") (result i32) (local $x (ref null $cell))
    (local.set $x (struct.new $cell (ref.null $box)))
    (call $churn)
    (struct.set $cell 0 (local.get $x) (call $young))
    (call $churn)
    (struct.get $box 0 (struct.get $cell 0 (local.get $x)))))
(assert_return (invoke "run") (i32.const 42))
