;; The objects of an element segment are young when its instance is made, and may go to
;; old arrays and tables at once.
(module $old
  (type $box (struct (field i32))) (type $filler (array i8))
  (type $array (array (mut (ref null $box))))
  (table $t (export "table") 1000 (ref null $box))
  (global $array (export "array") (mut (ref null $array)) (ref.null $array))
  ;; Uses the young space up three times over.
  (func $churn (export "churn") (local $i i32)
    (loop $next
      (drop (array.new_default $filler (i32.const 8000)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 400)))))
  (func (export "make") (global.set $array (array.new_default $array (i32.const 4))) (call $churn)))
(register "old")
(invoke "make")
(module
  (type $box (struct (field i32))) (type $array (array (mut (ref null $box))))
  (import "old" "array" (global $array (mut (ref null $array))))
  (import "old" "table" (table $t 1000 (ref null $box)))
  (import "old" "churn" (func $churn))
  (elem $kept (ref null $box) (item (struct.new $box (i32.const 42))))
  (elem $gone (ref null $box) (item (struct.new $box (i32.const 43))))
  (elem (table $t) (i32.const 1) (ref null $box) (item (struct.new $box (i32.const 44))))
  (func $start
    (array.init_elem $array $gone (global.get $array) (i32.const 1) (i32.const 0) (i32.const 1))
    (table.init $t $gone (i32.const 600) (i32.const 0) (i32.const 1))
    (elem.drop $gone)
    (call $churn))
  (start $start)
  (func (export "kept") (result i32)
    (struct.get $box 0 (array.get $array
      (array.new_elem $array $kept (i32.const 0) (i32.const 1)) (i32.const 0))))
  (func (export "array") (result i32)
    (struct.get $box 0 (array.get $array (global.get $array) (i32.const 1))))
  (func (export "table") (param i32) (result i32)
    (struct.get $box 0 (table.get $t (local.get 0)))))
(assert_return (invoke "kept") (i32.const 42))
(assert_return (invoke "array") (i32.const 43))
(assert_return (invoke "table" (i32.const 600)) (i32.const 43))
(assert_return (invoke "table" (i32.const 1)) (i32.const 44))
