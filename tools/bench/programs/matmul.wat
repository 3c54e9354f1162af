;; C = A * B for n x n matrices of f64 in linear memory, rows of B innermost (i, k, j).
;; A[x] = x mod 16, B[x] = x mod 32, by element number x.
;; run(n) = the sum of all elements of C
(module
  (memory 1)

  ;; Fills `count` f64 at `at` with their numbers modulo mask + 1.
  (func $fill (param $at i32) (param $count i32) (param $mask i32)
    (local $i i32)
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
        (f64.store (local.get $at)
          (f64.convert_i32_u (i32.and (local.get $i) (local.get $mask))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $each))))

  ;; For each row of A, adds to the row of C each row of B times the term of A.
  (func $multiply (param $n i32) (param $a i32) (param $b i32) (param $c i32)
    (local $i i32) (local $k i32) (local $j i32)
    (local $from i32) (local $to i32)
    (local $factor f64)
    (loop $rows
      (local.set $from (local.get $b))
      (local.set $k (i32.const 0))
      (loop $terms
        (local.set $factor (f64.load (local.get $a)))
        (local.set $a (i32.add (local.get $a) (i32.const 8)))
        (local.set $to (local.get $c))
        (local.set $j (i32.const 0))
        (loop $columns
          (f64.store (local.get $to)
            (f64.add
              (f64.load (local.get $to))
              (f64.mul (local.get $factor) (f64.load (local.get $from)))))
          (local.set $to (i32.add (local.get $to) (i32.const 8)))
          (local.set $from (i32.add (local.get $from) (i32.const 8)))
          (local.set $j (i32.add (local.get $j) (i32.const 1)))
          (br_if $columns (i32.lt_u (local.get $j) (local.get $n))))
        (local.set $k (i32.add (local.get $k) (i32.const 1)))
        (br_if $terms (i32.lt_u (local.get $k) (local.get $n))))
      (local.set $c (local.get $to))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $rows (i32.lt_u (local.get $i) (local.get $n)))))

  (func (export "run") (param $n i32) (result i64)
    (local $count i32) (local $bytes i32) (local $pages i32)
    (local $at i32) (local $end i32)
    (local $sum f64)
    (local.set $count (i32.mul (local.get $n) (local.get $n)))
    (local.set $bytes (i32.shl (local.get $count) (i32.const 3)))
    (local.set $pages
      (i32.add
        (i32.shr_u (i32.mul (local.get $bytes) (i32.const 3)) (i32.const 16))
        (i32.const 1)))
    (if (i32.lt_u (memory.size) (local.get $pages))
      (then (drop (memory.grow (i32.sub (local.get $pages) (memory.size))))))
    (call $fill (i32.const 0) (local.get $count) (i32.const 15))
    (call $fill (local.get $bytes) (local.get $count) (i32.const 31))
    (local.set $at (i32.shl (local.get $bytes) (i32.const 1)))
    (memory.fill (local.get $at) (i32.const 0) (local.get $bytes))
    (call $multiply (local.get $n) (i32.const 0) (local.get $bytes) (local.get $at))
    (local.set $end (i32.add (local.get $at) (local.get $bytes)))
    (loop $each
      (local.set $sum (f64.add (local.get $sum) (f64.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $each (i32.lt_u (local.get $at) (local.get $end))))
    (i64.trunc_f64_s (local.get $sum))))
