;; n continuations, all of them suspended at once in a table, then resumed to their ends.
;; run(n) = 1 + 2 + ... + n
(module
  (type $start (func (param i32) (result i32)))
  (type $fresh (cont $start))
  (type $rest (func (result i32)))
  (type $suspended (cont $rest))
  (tag $pause)
  (table $held 0 (ref null $suspended))
  (elem declare func $work)

  (func $work (param $x i32) (result i32)
    (suspend $pause)
    (i32.add (local.get $x) (i32.const 1)))

  (func $start (param $x i32) (result (ref $suspended))
    (block $paused (result (ref $suspended))
      (resume $fresh (on $pause $paused) (local.get $x) (cont.new $fresh (ref.func $work)))
      (unreachable)))

  (func (export "run") (param $n i32) (result i64)
    (local $i i32) (local $sum i64)
    (if (i32.lt_u (table.size $held) (local.get $n))
      (then
        (drop
          (table.grow $held
            (ref.null $suspended)
            (i32.sub (local.get $n) (table.size $held))))))
    (loop $make
      (table.set $held (local.get $i) (call $start (local.get $i)))
      (br_if $make
        (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.set $i (i32.const 0))
    (loop $finish
      (local.set $sum
        (i64.add
          (local.get $sum)
          (i64.extend_i32_u (resume $suspended (table.get $held (local.get $i))))))
      (br_if $finish
        (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $sum)))
