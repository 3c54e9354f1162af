  ;; `limits`: what reaches each bound, from within continuations, with a box in every frame.
  ;; With an argument other than 0 it is done so often only. See src/suites/limits.rs.
  (type $n_f (func (param i64) (result i64)))
  (type $n_k (cont $n_f))
  (type $list (struct (field $box (ref $box)) (field $next (ref null $list))))
  (tag $pause (param i64) (result i64))
  (tag $nobody)
  (table $held 100 (ref null $n_k))
  (table $more 100 (ref null $n_k))
  (table $grows 10 anyref)
  (memory 1)
  ;; How often it was done when the bound was reached.
  (global $reached (mut i64) (i64.const 0))
  (func (export "reached") (result i64) (global.get $reached))
  (func $once_more (global.set $reached (i64.add (global.get $reached) (i64.const 1))))
  (elem declare func $worker $recursion $waits $nests $quick)

  ;; Takes turns: is handed the number of the turn, hands out what its box says.
  (func $worker (type $n_f) (param $id i64) (result i64) (local $box (ref $box)) (local $turn i64)
    (local.set $box (call $new_box (local.get $id)))
    (local.set $turn (suspend $pause (i64.const 0)))
    (loop $next
      (local.set $turn
        (suspend $pause
          (call $fold (call $check_box (local.get $box) (local.get $id)) (local.get $turn))))
      (br $next))
    (unreachable))
  (func $started (param $id i64) (param $k (ref $n_k)) (result (ref $n_k))
    (local $rest (ref null $n_k))
    (block $on (result i64 (ref $n_k))
      (drop (resume $n_k (on $pause $on) (local.get $id) (local.get $k)))
      (unreachable))
    (local.set $rest)
    (drop)
    (ref.as_non_null (local.get $rest)))
  (func (export "hold") (param $count i64) (local $id i64)
    (loop $next
      (table.set $held (i32.wrap_i64 (local.get $id))
        (call $started (local.get $id) (cont.new $n_k (ref.func $worker))))
      (local.set $id (i64.add (local.get $id) (i64.const 1)))
      (br_if $next (i64.lt_u (local.get $id) (local.get $count)))))
  (func (export "turn_all") (param $turn i64) (result i64)
    (local $at i32) (local $sum i64) (local $k (ref null $n_k)) (local $got i64)
    (loop $next
      (block $on (result i64 (ref $n_k))
        (drop
          (resume $n_k (on $pause $on)
            (local.get $turn) (table.get $held (local.get $at))))
        (unreachable))
      (local.set $k)
      (local.set $got)
      (table.set $held (local.get $at) (local.get $k))
      (local.set $sum (call $fold (local.get $sum) (local.get $got)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next
        (i32.eqz (ref.is_null (table.get $held (local.get $at))))))
    (local.get $sum))

  ;; A list that never ends, of so many boxes.
  (func (export "fill_heap") (param $most i64) (result i64)
    (local $list (ref null $list)) (local $count i64)
    (loop $next
      (local.set $list
        (struct.new $list (call $new_box (local.get $count)) (local.get $list)))
      (local.set $count (i64.add (local.get $count) (i64.const 1)))
      (br_if $next (i64.ne (local.get $count) (local.get $most))))
    (drop
      (call $check_box
        (struct.get $list $box (local.get $list))
        (i64.sub (local.get $count) (i64.const 1))))
    (local.get $count))
  (func (export "huge_array") (param $n i64) (result i64)
    (i64.extend_i32_u (array.len (array.new_default $longs (i32.const 200000)))))
  (func (export "absurd_array") (param $n i64) (result i64)
    (i64.extend_i32_u (array.len (array.new_default $longs (i32.const -1)))))

  ;; With a box in each frame.
  (func $recursion (export "recurse") (type $n_f) (param $most i64) (result i64) (local $box (ref $box))
    (if (i64.eq (local.get $most) (i64.const 1))
      (then (return (i64.const 1))))
    (local.set $box (call $new_box (local.get $most)))
    (i64.add
      (call $recursion (i64.sub (local.get $most) (i64.const 1)))
      (i64.extend_i32_u
        (i64.eq
          (call $check_box (local.get $box) (local.get $most))
          (call $value (local.get $most))))))
  (func (export "recurse_inside") (param $most i64) (result i64)
    (resume $n_k (local.get $most) (cont.new $n_k (ref.func $recursion))))

  (func $quick (type $n_f) (local.get 0))
  (func $waits (type $n_f) (param $n i64) (result i64) (local $box (ref $box))
    (local.set $box (call $new_box (local.get $n)))
    (drop (suspend $pause (i64.const 0)))
    (call $check_box (local.get $box) (local.get $n)))
  ;; They are forgotten when it is over, however that is.
  (func $forget (table.fill $more (i32.const 0) (ref.null $n_k) (i32.const 100)))
  (func (export "many_fresh") (param $most i64) (result i64) (local $count i64)
    (call $forget)
    (loop $next
      (global.set $reached (local.get $count))
      (table.set $more (i32.wrap_i64 (local.get $count)) (cont.new $n_k (ref.func $quick)))
      (local.set $count (i64.add (local.get $count) (i64.const 1)))
      (br_if $next (i64.ne (local.get $count) (local.get $most))))
    (call $forget)
    (local.get $count))
  (func (export "many_suspended") (param $most i64) (result i64) (local $count i64)
    (call $forget)
    (loop $next
      (global.set $reached (local.get $count))
      (table.set $more (i32.wrap_i64 (local.get $count))
        (call $started (local.get $count) (cont.new $n_k (ref.func $waits))))
      (local.set $count (i64.add (local.get $count) (i64.const 1)))
      (br_if $next (i64.ne (local.get $count) (local.get $most))))
    (call $forget)
    (local.get $count))
  (func $nests (type $n_f) (param $most i64) (result i64) (local $box (ref $box))
    (call $once_more)
    (if (i64.eq (local.get $most) (i64.const 1))
      (then (return (i64.const 1))))
    (local.set $box (call $new_box (local.get $most)))
    (drop (call $check_box (local.get $box) (local.get $most)))
    (i64.add (i64.const 1)
      (resume $n_k (i64.sub (local.get $most) (i64.const 1)) (cont.new $n_k (ref.func $nests)))))
  (func (export "nest") (param $most i64) (result i64)
    (call $forget)
    (global.set $reached (i64.const 0))
    (return_call $nests (local.get $most)))

  ;; The host calls this again.
  (func (export "call_out") (param $most i64) (result i64) (local $box (ref $box)) (local $got i64)
    (call $once_more)
    (if (i64.eq (local.get $most) (i64.const 1))
      (then (return (i64.const 1))))
    (local.set $box (call $new_box (local.get $most)))
    (local.set $got (call $again (i64.sub (local.get $most) (i64.const 1))))
    (drop (call $check_box (local.get $box) (local.get $most)))
    (i64.add (local.get $got) (i64.const 1)))

  (func (export "grow_table") (param $n i64) (result i64)
    (loop $next
      (br_if $next
        (i32.ne
          (table.grow $grows (call $new_box (i64.const 1)) (i32.const 90))
          (i32.const -1))))
    (loop $next
      (br_if $next
        (i32.ne
          (table.grow $grows (ref.null any) (i32.const 1))
          (i32.const -1))))
    (global.set $reached (i64.extend_i32_u (table.size $grows)))
    (i64.const -1))
  (func (export "grow_memory") (param $n i64) (result i64)
    (loop $next
      (br_if $next (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (global.set $reached (i64.extend_i32_u (memory.size)))
    (i64.const -1))
  (func (export "nobody") (param $n i64) (result i64)
    (suspend $nobody)
    (i64.const 0))
  (func (export "used_up") (param $n i64) (result i64) (local $k (ref null $n_k))
    (local.set $k (cont.new $n_k (ref.func $quick)))
    (drop (resume $n_k (i64.const 1) (local.get $k)))
    (resume $n_k (i64.const 1) (local.get $k)))
