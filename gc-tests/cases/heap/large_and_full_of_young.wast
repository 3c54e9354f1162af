;; A large object is not made in the young space; what it was filled with is young.
(module
  (type $box (struct (field i32))) (type $filler (array i8))
  (type $array (array (mut (ref null $box))))
  ;; Uses the young space up three times over.
  (func $churn (local $i i32)
    (loop $next
      (drop (array.new_default $filler (i32.const 8000)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 400)))))
  (func $young (result (ref null $box)) (struct.new $box (i32.const 42)))
  (func (export "run") (result i32) (local $x (ref null $array))
    (call $churn)
    (local.set $x (array.new $array (call $young) (i32.const 20000)))
    (call $churn)
    (struct.get $box 0 (array.get $array (local.get $x) (i32.const 7)))))
(assert_return (invoke "run") (i32.const 42))
