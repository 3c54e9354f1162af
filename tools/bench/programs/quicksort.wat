;; n i32 in linear memory, sorted: the median of three as pivot, the smaller side by a call,
;; the larger one by the loop, short stretches by insertion.
;; run(n) = the sum of position times element, modulo 2^64
(module
  (memory 1)

  ;; Sorts the elements from address `low` to address `high`, both included.
  (func $sort (param $low i32) (param $high i32)
    (local $i i32) (local $j i32) (local $x i32) (local $y i32) (local $pivot i32) (local $at i32)
    (block $short
      (loop $stretch
        (br_if $short
          (i32.lt_s (i32.sub (local.get $high) (local.get $low)) (i32.const 64)))
        ;; The median of the first, the middle and the last element.
        (local.set $x (i32.load (local.get $low)))
        (local.set $y (i32.load (local.get $high)))
        (local.set $pivot
          (i32.load
            (i32.and
              (i32.add
                (local.get $low)
                (i32.shr_u (i32.sub (local.get $high) (local.get $low)) (i32.const 1)))
              (i32.const -4))))
        (local.set $i (select (local.get $x) (local.get $y) (i32.lt_s (local.get $x) (local.get $y))))
        (local.set $j (select (local.get $y) (local.get $x) (i32.lt_s (local.get $x) (local.get $y))))
        (local.set $pivot
          (select (local.get $i) (local.get $pivot) (i32.lt_s (local.get $pivot) (local.get $i))))
        (local.set $pivot
          (select (local.get $j) (local.get $pivot) (i32.gt_s (local.get $pivot) (local.get $j))))
        (local.set $i (local.get $low))
        (local.set $j (local.get $high))
        (loop $partition
          (local.set $i (i32.sub (local.get $i) (i32.const 4)))
          (loop $up
            (local.set $x (i32.load offset=4 (local.get $i)))
            (local.set $i (i32.add (local.get $i) (i32.const 4)))
            (br_if $up (i32.lt_s (local.get $x) (local.get $pivot))))
          (local.set $j (i32.add (local.get $j) (i32.const 4)))
          (loop $down
            (local.set $j (i32.sub (local.get $j) (i32.const 4)))
            (local.set $y (i32.load (local.get $j)))
            (br_if $down (i32.gt_s (local.get $y) (local.get $pivot))))
          (if (i32.le_s (local.get $i) (local.get $j))
            (then
              (i32.store (local.get $i) (local.get $y))
              (i32.store (local.get $j) (local.get $x))
              (local.set $i (i32.add (local.get $i) (i32.const 4)))
              (local.set $j (i32.sub (local.get $j) (i32.const 4)))))
          (br_if $partition (i32.le_s (local.get $i) (local.get $j))))
        (if
          (i32.lt_s
            (i32.sub (local.get $j) (local.get $low))
            (i32.sub (local.get $high) (local.get $i)))
          (then
            (call $sort (local.get $low) (local.get $j))
            (local.set $low (local.get $i)))
          (else
            (call $sort (local.get $i) (local.get $high))
            (local.set $high (local.get $j))))
        (br $stretch)))
    (local.set $at (local.get $low))
    (block $done
      (loop $insert
        (br_if $done (i32.ge_s (local.get $at) (local.get $high)))
        (local.set $x (i32.load offset=4 (local.get $at)))
        (local.set $j (local.get $at))
        (block $here
          (loop $shift
            (br_if $here
              (i32.le_s (local.tee $y (i32.load (local.get $j))) (local.get $x)))
            (i32.store offset=4 (local.get $j) (local.get $y))
            (local.set $j (i32.sub (local.get $j) (i32.const 4)))
            (br_if $shift (i32.ge_s (local.get $j) (local.get $low)))))
        (i32.store offset=4 (local.get $j) (local.get $x))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $insert))))

  (func (export "run") (param $n i32) (result i64)
    (local $end i32) (local $at i32) (local $x i32) (local $pages i32) (local $sum i64)
    ;; The first element is at 64: pointers start, and end, one place in front of a stretch.
    (local.set $end (i32.add (i32.shl (local.get $n) (i32.const 2)) (i32.const 64)))
    (local.set $pages (i32.shr_u (i32.add (local.get $end) (i32.const 65535)) (i32.const 16)))
    (if (i32.lt_u (memory.size) (local.get $pages))
      (then (drop (memory.grow (i32.sub (local.get $pages) (memory.size))))))
    (local.set $x (i32.const 12345))
    (local.set $at (i32.const 64))
    (loop $fill
      (local.set $x
        (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
      (i32.store (local.get $at) (i32.shr_u (local.get $x) (i32.const 8)))
      (br_if $fill
        (i32.ne
          (local.tee $at (i32.add (local.get $at) (i32.const 4)))
          (local.get $end))))
    (call $sort (i32.const 64) (i32.sub (local.get $end) (i32.const 4)))
    (local.set $at (i32.const 64))
    (loop $add
      (local.set $sum
        (i64.add
          (local.get $sum)
          (i64.mul
            (i64.extend_i32_u (i32.shr_u (i32.sub (local.get $at) (i32.const 64)) (i32.const 2)))
            (i64.load32_u (local.get $at)))))
      (br_if $add
        (i32.ne
          (local.tee $at (i32.add (local.get $at) (i32.const 4)))
          (local.get $end))))
    (local.get $sum)))
