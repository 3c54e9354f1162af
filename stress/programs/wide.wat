  ;; `wide`: n continuations in a table, each with a box in a local and one on the operand
  ;; stack. See src/suites/wide.rs.
  (type $rest (func (param i64) (result i64)))
  (type $k (cont $rest))
  ;; Is handed 1 for a turn, and -1 for the end.
  (tag $pause (result i64))
  (table $all 0 (ref null $k))
  (elem declare func $worker)

  ;; Number of what it makes in a turn.
  (func $made (param $n i64) (param $turn i64) (result i64)
    (i64.add (local.get $n) (i64.shl (local.get $turn) (i64.const 33))))

  (func $worker (type $rest) (param $n i64) (result i64)
    (local $box (ref $box)) (local $turns i64) (local $operand i64)
    (local.set $box (call $new_box (local.get $n)))
    (call $new_box (i64.or (local.get $n) (i64.const 0x100000000)))
    (loop $turn
      (if (i64.gt_s (suspend $pause) (i64.const 0))
        (then
          (drop (call $check_box (local.get $box) (call $made (local.get $n) (local.get $turns))))
          (local.set $turns (i64.add (local.get $turns) (i64.const 1)))
          (local.set $box (call $new_box (call $made (local.get $n) (local.get $turns))))
          (br $turn))))
    (call $check_box (i64.or (local.get $n) (i64.const 0x100000000)))
    (local.set $operand)
    (call $fold
      (call $fold
        (call $check_box (local.get $box) (call $made (local.get $n) (local.get $turns)))
        (local.get $operand))
      (local.get $turns)))

  (func $start (param $n i64) (result (ref $k))
    (block $paused (result (ref $k))
      (drop (resume $k (on $pause $paused) (local.get $n) (cont.new $k (ref.func $worker))))
      (unreachable)))

  (func $wake (param $at i32)
    (table.set $all (local.get $at)
      (block $paused (result (ref $k))
        (drop
          (resume $k (on $pause $paused) (i64.const 1) (table.get $all (local.get $at))))
        (unreachable))))

  (func (export "run") (param $count i32) (param $rounds i32) (param $stride i32) (result i64)
    (local $before i64) (local $at i32) (local $round i32) (local $sum i64)
    (local.set $before (call $continuations))
    (drop (table.grow $all (ref.null $k) (local.get $count)))
    (loop $each
      (table.set $all (local.get $at) (call $start (i64.extend_i32_u (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $at) (local.get $count))))
    (global.set $live (i64.extend_i32_u (local.get $count)))
    (loop $round
      (call $litter (i32.const 100))
      (call $gc)
      (call $count (local.get $before))
      (local.set $at (i32.rem_u (local.get $round) (local.get $stride)))
      (loop $each
        (if (i32.lt_u (local.get $at) (local.get $count))
          (then
            (call $wake (local.get $at))
            (local.set $at (i32.add (local.get $at) (local.get $stride)))
            (br $each))))
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (br_if $round (i32.lt_u (local.get $round) (local.get $rounds))))
    ;; Half of them are forgotten at once, the others end.
    (local.set $at (i32.const 1))
    (loop $each
      (if (i32.lt_u (local.get $at) (local.get $count))
        (then
          (table.set $all (local.get $at) (ref.null $k))
          (local.set $at (i32.add (local.get $at) (i32.const 2)))
          (br $each))))
    (call $gc)
    (global.set $live
      (i64.shr_u (i64.extend_i32_u (i32.add (local.get $count) (i32.const 1))) (i64.const 1)))
    (call $count (local.get $before))
    (local.set $at (i32.const 0))
    (loop $each
      (local.set $sum
        (call $fold (local.get $sum)
          (resume $k (i64.const -1) (table.get $all (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 2)))
      (br_if $each (i32.lt_u (local.get $at) (local.get $count))))
    (local.get $sum))
