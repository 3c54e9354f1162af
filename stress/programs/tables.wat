  ;; `tables`: two tables of continuations and two of boxes, by number, and what
  ;; src/suites/tables.rs does with them.
  (type $rest (func (param i64) (result i64)))
  (type $k (cont $rest))
  ;; Hands out a number; is handed -1 for the end.
  (tag $pause (param i64) (result i64))
  (table $t0 8 (ref null $k))
  (table $t1 8 (ref null $k))
  (table $b0 8 (ref null $box))
  (table $b1 8 (ref null $box))
  (elem $nulls (ref null $k)
    (ref.null $k) (ref.null $k) (ref.null $k) (ref.null $k))
  (elem declare func $worker)
  ;; Boxes -10, -11 and -12.
  (elem $boxes (ref null $box)
    (item (struct.new $box (i64.const BOX10)))
    (item (struct.new $box (i64.const BOX11)))
    (item (struct.new $box (i64.const BOX12))))

  (func $worker (type $rest) (param $id i64) (result i64)
    (local $box (ref $box)) (local $turns i64) (local $got i64)
    (local.set $box (call $new_box (local.get $id)))
    (local.set $got (suspend $pause (i64.const 0)))
    (loop $turn
      (if (i64.ge_s (local.get $got) (i64.const 0))
        (then
          (local.set $got
            (suspend $pause
              (call $fold
                (call $check_box (local.get $box) (local.get $id))
                (local.get $turns))))
          (local.set $turns (i64.add (local.get $turns) (i64.const 1)))
          (br $turn))))
    (call $fold (call $check_box (local.get $box) (local.get $id)) (i64.const -1)))

  (func $get (param $table i64) (param $at i64) (result (ref null $k))
    (if (result (ref null $k)) (i64.eqz (local.get $table))
      (then (table.get $t0 (i32.wrap_i64 (local.get $at))))
      (else (table.get $t1 (i32.wrap_i64 (local.get $at))))))
  (func $set (param $table i64) (param $at i64) (param $it (ref null $k))
    (if (i64.eqz (local.get $table))
      (then (table.set $t0 (i32.wrap_i64 (local.get $at)) (local.get $it)))
      (else (table.set $t1 (i32.wrap_i64 (local.get $at)) (local.get $it)))))
  (func $get_box (param $table i64) (param $at i64) (result (ref null $box))
    (if (result (ref null $box)) (i64.eqz (local.get $table))
      (then (table.get $b0 (i32.wrap_i64 (local.get $at))))
      (else (table.get $b1 (i32.wrap_i64 (local.get $at))))))

  (func (export "make") (param $table i64) (param $at i64) (param $id i64)
    (call $litter (i32.const 3))
    (block $on (result i64 (ref $k))
      (drop (resume $k (on $pause $on) (local.get $id) (cont.new $k (ref.func $worker))))
      (unreachable))
    (call $store (local.get $table) (local.get $at)))
  ;; What was handed out, and the continuation, by way of the stack.
  (func $store (param $handed i64) (param $it (ref $k)) (param $table i64) (param $at i64)
    (call $set (local.get $table) (local.get $at) (local.get $it)))
  (func (export "turn") (param $table i64) (param $at i64) (result i64) (local $k (ref null $k))
    (block $on (result i64 (ref $k))
      (drop
        (resume $k (on $pause $on)
          (i64.const 0) (call $get (local.get $table) (local.get $at))))
      (unreachable))
    (local.set $k)
    (call $set (local.get $table) (local.get $at) (local.get $k)))
  (func (export "finish") (param $table i64) (param $at i64) (result i64)
    (resume $k (i64.const -1) (call $get (local.get $table) (local.get $at))))

  (func (export "fill") (param $table i64) (param $from i64) (param $at i64) (param $count i64)
    (if (i64.eqz (local.get $table))
      (then
        (table.fill $t0 (i32.wrap_i64 (local.get $at))
          (call $get (local.get $table) (local.get $from)) (i32.wrap_i64 (local.get $count))))
      (else
        (table.fill $t1 (i32.wrap_i64 (local.get $at))
          (call $get (local.get $table) (local.get $from)) (i32.wrap_i64 (local.get $count))))))
  (func (export "fill_boxes") (param $table i64) (param $from i64) (param $at i64) (param $count i64)
    (if (i64.eqz (local.get $table))
      (then
        (table.fill $b0 (i32.wrap_i64 (local.get $at))
          (call $get_box (local.get $table) (local.get $from)) (i32.wrap_i64 (local.get $count))))
      (else
        (table.fill $b1 (i32.wrap_i64 (local.get $at))
          (call $get_box (local.get $table) (local.get $from)) (i32.wrap_i64 (local.get $count))))))
  (func (export "copy") (param $table i64) (param $other i64) (param $at i64) (param $from i64) (param $count i64)
    (if (i64.eqz (local.get $table))
      (then
        (if (i64.eqz (local.get $other))
          (then (table.copy $t0 $t0
            (i32.wrap_i64 (local.get $at)) (i32.wrap_i64 (local.get $from)) (i32.wrap_i64 (local.get $count))))
          (else (table.copy $t0 $t1
            (i32.wrap_i64 (local.get $at)) (i32.wrap_i64 (local.get $from)) (i32.wrap_i64 (local.get $count))))))
      (else
        (if (i64.eqz (local.get $other))
          (then (table.copy $t1 $t0
            (i32.wrap_i64 (local.get $at)) (i32.wrap_i64 (local.get $from)) (i32.wrap_i64 (local.get $count))))
          (else (table.copy $t1 $t1
            (i32.wrap_i64 (local.get $at)) (i32.wrap_i64 (local.get $from)) (i32.wrap_i64 (local.get $count))))))))
  (func (export "copy_boxes") (param $table i64) (param $other i64) (param $at i64) (param $from i64) (param $count i64)
    (if (i64.eqz (local.get $table))
      (then
        (if (i64.eqz (local.get $other))
          (then (table.copy $b0 $b0
            (i32.wrap_i64 (local.get $at)) (i32.wrap_i64 (local.get $from)) (i32.wrap_i64 (local.get $count))))
          (else (table.copy $b0 $b1
            (i32.wrap_i64 (local.get $at)) (i32.wrap_i64 (local.get $from)) (i32.wrap_i64 (local.get $count))))))
      (else
        (if (i64.eqz (local.get $other))
          (then (table.copy $b1 $b0
            (i32.wrap_i64 (local.get $at)) (i32.wrap_i64 (local.get $from)) (i32.wrap_i64 (local.get $count))))
          (else (table.copy $b1 $b1
            (i32.wrap_i64 (local.get $at)) (i32.wrap_i64 (local.get $from)) (i32.wrap_i64 (local.get $count))))))))
  (func (export "init") (param $table i64) (param $at i64)
    (if (i64.eqz (local.get $table))
      (then
        (table.init $t0 $nulls (i32.wrap_i64 (local.get $at)) (i32.const 0) (i32.const 4))
        (table.init $b0 $boxes (i32.wrap_i64 (local.get $at)) (i32.const 0) (i32.const 3)))
      (else
        (table.init $t1 $nulls (i32.wrap_i64 (local.get $at)) (i32.const 0) (i32.const 4))
        (table.init $b1 $boxes (i32.wrap_i64 (local.get $at)) (i32.const 0) (i32.const 3)))))
  (func (export "grow") (param $table i64) (param $from i64) (param $count i64) (result i64)
    (local $it (ref null $k)) (local $box (ref null $box)) (local $old i32)
    (local.set $it (call $get (local.get $table) (local.get $from)))
    (local.set $box (call $get_box (local.get $table) (local.get $from)))
    (if (i64.eqz (local.get $table))
      (then
        (local.set $old
          (table.grow $t0 (local.get $it) (i32.wrap_i64 (local.get $count))))
        (drop (table.grow $b0 (local.get $box) (i32.wrap_i64 (local.get $count)))))
      (else
        (local.set $old
          (table.grow $t1 (local.get $it) (i32.wrap_i64 (local.get $count))))
        (drop (table.grow $b1 (local.get $box) (i32.wrap_i64 (local.get $count))))))
    (i64.extend_i32_s (local.get $old)))
  (func (export "set_box") (param $table i64) (param $at i64) (param $number i64)
    (call $litter (i32.const 2))
    (if (i64.eqz (local.get $table))
      (then
        (table.set $b0 (i32.wrap_i64 (local.get $at)) (call $new_box (local.get $number))))
      (else
        (table.set $b1 (i32.wrap_i64 (local.get $at)) (call $new_box (local.get $number))))))
  ;; All that is in the boxes of a table; 0 where there is none.
  (func (export "boxes") (param $table i64) (result i64)
    (local $at i64) (local $sum i64) (local $count i64) (local $box (ref null $box))
    (local.set $count
      (i64.extend_i32_u
        (if (result i32) (i64.eqz (local.get $table))
          (then (table.size $b0))
          (else (table.size $b1)))))
    (loop $next
      (local.set $box (call $get_box (local.get $table) (local.get $at)))
      (local.set $sum
        (call $fold (local.get $sum)
          (if (result i64) (ref.is_null (local.get $box))
            (then (i64.const 0))
            (else (struct.get $box $value (local.get $box))))))
      (local.set $at (i64.add (local.get $at) (i64.const 1)))
      (br_if $next (i64.lt_u (local.get $at) (local.get $count))))
    (local.get $sum))
