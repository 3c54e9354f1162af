;; `return`, a branch to the function's own label, `br_table` to it, and falling off the end, with
;; operands below that are dropped; the caller has some of its own.
(module
  (func $pick (param $n i32) (result i32 i64)
    (i32.const 99)
    (block $b
      (block $a
        (block $r (result i32 i64)
          (i32.const 7) (i64.const 8)
          (br_table $r 3 $r (local.get $n))
        )
        (return)
      )
    )
    (drop)
    (i32.const 3) (i64.const 4))
  (func (export "run") (param $n i32) (result i32 i64 i32)
    (local $i i32) (local $j i64)
    (i32.const 1)
    (call $pick (local.get $n))
    (local.set $j) (local.set $i)
    (local.set $i (i32.add (local.get $i)))
    (local.get $i) (local.get $j) (i32.const 5)))
(assert_return (invoke "run" (i32.const 0)) (i32.const 8) (i64.const 8) (i32.const 5))
(assert_return (invoke "run" (i32.const 1)) (i32.const 8) (i64.const 8) (i32.const 5))
(assert_return (invoke "run" (i32.const 2)) (i32.const 8) (i64.const 8) (i32.const 5))
