;; Young objects are copied into an old array from one that is forgotten.
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
    (local.set $x (array.new_default $array (i32.const 2000)))
    (call $churn)
    (array.copy $array $array (local.get $x) (i32.const 1000)
      (array.new $array (call $young) (i32.const 20)) (i32.const 0) (i32.const 20))
    (call $churn)
    (struct.get $box 0 (array.get $array (local.get $x) (i32.const 1019)))))
(assert_return (invoke "run") (i32.const 42))
