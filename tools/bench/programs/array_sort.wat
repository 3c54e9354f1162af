;; Quicksort of n i32 in a garbage-collected array, filled by a linear congruential
;; generator.
;; run(n) = the sum of i * array[i] after sorting
(module
  (type $ints (array (mut i32)))

  (func $sort (param $a (ref $ints)) (param $low i32) (param $high i32)
    (local $i i32)
    (local $j i32)
    (local $pivot i32)
    (local $kept i32)
    (if (i32.ge_s (local.get $low) (local.get $high))
      (then (return)))
    (local.set $pivot
      (array.get $ints (local.get $a)
        (i32.shr_u (i32.add (local.get $low) (local.get $high)) (i32.const 1))))
    (local.set $i (local.get $low))
    (local.set $j (local.get $high))
    (loop $partition
      (block $found
        (loop $up
          (br_if $found
            (i32.ge_s (array.get $ints (local.get $a) (local.get $i)) (local.get $pivot)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $up)))
      (block $found
        (loop $down
          (br_if $found
            (i32.le_s (array.get $ints (local.get $a) (local.get $j)) (local.get $pivot)))
          (local.set $j (i32.sub (local.get $j) (i32.const 1)))
          (br $down)))
      (if (i32.le_s (local.get $i) (local.get $j))
        (then
          (local.set $kept (array.get $ints (local.get $a) (local.get $i)))
          (array.set $ints (local.get $a) (local.get $i)
            (array.get $ints (local.get $a) (local.get $j)))
          (array.set $ints (local.get $a) (local.get $j) (local.get $kept))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (local.set $j (i32.sub (local.get $j) (i32.const 1)))))
      (br_if $partition (i32.le_s (local.get $i) (local.get $j))))
    (call $sort (local.get $a) (local.get $low) (local.get $j))
    (call $sort (local.get $a) (local.get $i) (local.get $high)))

  (func (export "run") (param $n i32) (result i64)
    (local $a (ref $ints))
    (local $i i32)
    (local $state i32)
    (local $sum i64)
    (local.set $a (array.new_default $ints (local.get $n)))
    (local.set $state (i32.const 12345))
    (block $done
      (loop $fill
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $state
          (i32.add (i32.mul (local.get $state) (i32.const 1664525)) (i32.const 1013904223)))
        (array.set $ints (local.get $a) (local.get $i)
          (i32.shr_u (local.get $state) (i32.const 8)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $fill)))
    (call $sort (local.get $a) (i32.const 0) (i32.sub (local.get $n) (i32.const 1)))
    (local.set $i (i32.const 0))
    (block $done
      (loop $check
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $sum
          (i64.add
            (local.get $sum)
            (i64.mul
              (i64.extend_i32_u (local.get $i))
              (i64.extend_i32_u (array.get $ints (local.get $a) (local.get $i))))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $check)))
    (local.get $sum)))
