;; Complete binary trees, made and counted: one of depth n+1, one of depth n that stays
;; alive, and for each depth d = 4, 6, ... n, 2^(n-d+4) short-lived ones.
;; run(n) = the number of nodes counted
(module
  (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree))))

  (func $build (param $depth i32) (result (ref $tree))
    (if (i32.eqz (local.get $depth))
      (then (return (struct.new_default $tree))))
    (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
    (struct.new $tree
      (call $build (local.get $depth))
      (call $build (local.get $depth))))

  (func $count (param $tree (ref null $tree)) (result i32)
    (if (ref.is_null (struct.get $tree $left (local.get $tree)))
      (then (return (i32.const 1))))
    (i32.add
      (i32.add
        (call $count (struct.get $tree $left (local.get $tree)))
        (call $count (struct.get $tree $right (local.get $tree))))
      (i32.const 1)))

  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (local $depth i32)
    (local $left i32)
    (local $long_lived (ref null $tree))
    (local.set $sum
      (i64.extend_i32_u
        (call $count (call $build (i32.add (local.get $n) (i32.const 1))))))
    (local.set $long_lived (call $build (local.get $n)))
    (local.set $depth (i32.const 4))
    (block $done
      (loop $depths
        (br_if $done (i32.gt_u (local.get $depth) (local.get $n)))
        (local.set $left
          (i32.shl
            (i32.const 1)
            (i32.add (i32.sub (local.get $n) (local.get $depth)) (i32.const 4))))
        (loop $trees
          (local.set $sum
            (i64.add
              (local.get $sum)
              (i64.extend_i32_u (call $count (call $build (local.get $depth))))))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br_if $trees (local.get $left)))
        (local.set $depth (i32.add (local.get $depth) (i32.const 2)))
        (br $depths)))
    (i64.add
      (local.get $sum)
      (i64.extend_i32_u (call $count (local.get $long_lived))))))
