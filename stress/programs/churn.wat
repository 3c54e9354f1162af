;; `churn`: workers come and go in n slots. A step picks a slot and replaces its
;; worker, lets it take a turn, lets it finish, forgets it, or puts in a new
;; worker that keeps the old one: then the old one's continuation is held by a
;; suspended stack alone. After each collection exactly those must be alive that
;; a slot, or a worker in one, holds.
  (type $rest (func (param i32) (result i64)))
  (type $suspended (cont $rest))
  (type $work (func (param i64 (ref null $suspended)) (result i64)))
  (type $fresh (cont $work))
  (type $turn (struct (field $value i64) (field $earlier (ref null $turn))))
  (type $weights (array (mut i64)))
  ;; Hands out a number; is handed 1 if the worker shall finish.
  (tag $pause (param i64) (result i32))
  (elem declare func $worker)

  ;; Slot 0 is a global, the others are in a table.
  (global $favourite (mut (ref null $suspended)) (ref.null $suspended))
  (table $slots 0 (ref null $suspended))
  ;; How many continuations each slot keeps alive.
  (global $weights (mut (ref null $weights)) (ref.null $weights))
  (global $state (mut i64) (i64.const 0))

  (func $random (param $bound i32) (result i32)
    (global.set $state
      (i64.add
        (i64.mul (global.get $state) (i64.const 6364136223846793005))
        (i64.const 1442695040888963407)))
    (i32.rem_u
      (i32.wrap_i64 (i64.shr_u (global.get $state) (i64.const 33)))
      (local.get $bound)))

  (func $get (param $slot i32) (result (ref null $suspended))
    (if (i32.eqz (local.get $slot))
      (then (return (global.get $favourite))))
    (table.get $slots (local.get $slot)))

  (func $set (param $slot i32) (param $it (ref null $suspended)) (param $weight i64)
    (global.set $live
      (i64.add
        (global.get $live)
        (i64.sub
          (local.get $weight)
          (array.get $weights (global.get $weights) (local.get $slot)))))
    (array.set $weights (global.get $weights) (local.get $slot) (local.get $weight))
    (if (i32.eqz (local.get $slot))
      (then (global.set $favourite (local.get $it)))
      (else (table.set $slots (local.get $slot) (local.get $it)))))

  ;; Number of what a worker makes in a turn.
  (func $made (param $id i64) (param $turn i64) (result i64)
    (i64.add (local.get $id) (i64.shl (local.get $turn) (i64.const 32))))

  ;; Reads the turns of a list, the latest first, back to one that began a list.
  (func $check_turns (param $list (ref null $turn)) (param $id i64) (param $turn i64)
    (result i64)
    (local $sum i64)
    (local $number i64)
    (local $is i64)
    (block $done
      (loop $each
        (br_if $done (ref.is_null (local.get $list)))
        (local.set $turn (i64.sub (local.get $turn) (i64.const 1)))
        (local.set $number (call $made (local.get $id) (local.get $turn)))
        (local.set $is (struct.get $turn $value (local.get $list)))
        (call $same (local.get $number) (local.get $is) (call $value (local.get $number)))
        (local.set $sum (call $fold (local.get $sum) (local.get $is)))
        (local.set $list (struct.get $turn $earlier (local.get $list)))
        (br $each)))
    (call $same (local.get $id) (i64.and (local.get $turn) (i64.const 3)) (i64.const 0))
    (local.get $sum))

  ;; Takes turns until it is told to finish. It lets the worker it keeps take a
  ;; turn in each of its own, and finish when it finishes itself.
  (func $worker (param $id i64) (param $kept (ref null $suspended)) (result i64)
    (local $box (ref $box))
    (local $turns (ref null $turn))
    (local $count i64)
    (local $last i64)
    (local $sum i64)
    (local $finish i32)
    (local.set $box (call $new_box (local.get $id)))
    (loop $turn
      (if (i64.eqz (i64.and (local.get $count) (i64.const 3)))
        (then (local.set $turns (ref.null $turn))))
      (local.set $turns
        (struct.new $turn
          (call $value (call $made (local.get $id) (local.get $count)))
          (local.get $turns)))
      ;; A box on the operand stack only.
      (call $new_box (call $made (local.get $id) (i64.const 0x10000000)))
      (suspend $pause (call $fold (local.get $last) (local.get $count)))
      (local.set $finish)
      (drop (call $check_box (call $made (local.get $id) (i64.const 0x10000000))))
      (drop (call $check_box (local.get $box) (local.get $id)))
      (local.set $count (i64.add (local.get $count) (i64.const 1)))
      (if (i32.and
            (i32.eqz (local.get $finish))
            (i32.eqz (ref.is_null (local.get $kept))))
        (then
          (block $paused (result i64 (ref $suspended))
            (resume $suspended (on $pause $paused) (i32.const 0) (local.get $kept))
            (call $fault (local.get $id) (i64.const -3))
            (return))
          (local.set $kept)
          (local.set $last)))
      (br_if $turn (i32.eqz (local.get $finish))))
    (local.set $sum
      (call $check_turns (local.get $turns) (local.get $id) (local.get $count)))
    (if (i32.eqz (ref.is_null (local.get $kept)))
      (then
        (local.set $sum
          (call $fold
            (local.get $sum)
            (resume $suspended (i32.const 1) (local.get $kept))))))
    (call $fold (local.get $sum) (local.get $count)))

  ;; Puts a new worker into a slot, keeping `kept`. Returns what it handed out.
  (func $replace (param $slot i32) (param $id i64) (param $kept (ref null $suspended))
    (param $weight i64) (result i64)
    (local $it (ref null $suspended))
    (local $handed i64)
    (block $paused (result i64 (ref $suspended))
      (resume $fresh (on $pause $paused)
        (local.get $id) (local.get $kept) (cont.new $fresh (ref.func $worker)))
      (call $fault (local.get $id) (i64.const -3))
      (return))
    (local.set $it)
    (local.set $handed)
    (call $set (local.get $slot) (local.get $it) (local.get $weight))
    (local.get $handed))

  ;; Lets the worker in a slot take a turn. Returns what it handed out.
  (func $take_turn (param $slot i32) (param $weight i64) (result i64)
    (local $it (ref null $suspended))
    (local $handed i64)
    (block $paused (result i64 (ref $suspended))
      (resume $suspended (on $pause $paused) (i32.const 0) (call $get (local.get $slot)))
      (call $fault (i64.extend_i32_u (local.get $slot)) (i64.const -3))
      (return))
    (local.set $it)
    (local.set $handed)
    (call $set (local.get $slot) (local.get $it) (local.get $weight))
    (local.get $handed))

  ;; Lets the worker in a slot finish. Returns what it returned.
  (func $finish (param $slot i32) (result i64)
    (resume $suspended (i32.const 1) (call $get (local.get $slot)))
    (call $set (local.get $slot) (ref.null $suspended) (i64.const 0)))

  ;; One step. Returns what came of it.
  (func $step (param $slot i32) (param $action i32) (param $id i64) (result i64)
    (local $weight i64)
    (local.set $weight (array.get $weights (global.get $weights) (local.get $slot)))
    (if (i32.or (i64.eqz (local.get $weight)) (i32.lt_u (local.get $action) (i32.const 2)))
      (then
        (return
          (call $replace
            (local.get $slot) (local.get $id) (ref.null $suspended) (i64.const 1)))))
    (if (i32.lt_u (local.get $action) (i32.const 5))
      (then (return (call $take_turn (local.get $slot) (local.get $weight)))))
    (if (i32.eq (local.get $action) (i32.const 5))
      (then (return (call $finish (local.get $slot)))))
    (if (i32.and
          (i32.eq (local.get $action) (i32.const 6))
          (i64.lt_u (local.get $weight) (i64.const 8)))
      (then
        (return
          (call $replace
            (local.get $slot)
            (local.get $id)
            (call $get (local.get $slot))
            (i64.add (local.get $weight) (i64.const 1))))))
    (call $set (local.get $slot) (ref.null $suspended) (i64.const 0))
    (i64.const 0))

  (func (export "run") (param $n i32) (param $steps i32) (param $every i32) (param $seed i32)
    (result i64)
    (local $before i64)
    (local $id i64)
    (local $sum i64)
    (local $slot i32)
    (local.set $before (call $continuations))
    (global.set $state (i64.extend_i32_u (local.get $seed)))
    (global.set $weights (array.new_default $weights (local.get $n)))
    (drop (table.grow $slots (ref.null $suspended) (local.get $n)))
    (loop $each
      (local.set $sum
        (call $fold
          (local.get $sum)
          (call $step
            (call $random (local.get $n))
            (call $random (i32.const 8))
            (local.get $id))))
      (local.set $id (i64.add (local.get $id) (i64.const 1)))
      (call $litter (i32.const 8))
      (if (i64.ne (global.get $faults) (i64.const 0))
        (then (return (local.get $sum))))
      (local.set $steps (i32.sub (local.get $steps) (i32.const 1)))
      (if (i32.eqz (i32.rem_u (local.get $steps) (local.get $every)))
        (then (call $gc) (call $count (local.get $before))))
      (br_if $each (local.get $steps)))
    (loop $each
      (if (i64.ne
            (array.get $weights (global.get $weights) (local.get $slot))
            (i64.const 0))
        (then
          (local.set $sum
            (call $fold (local.get $sum) (call $finish (local.get $slot))))))
      (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $slot) (local.get $n))))
    ;; All returned, so all are gone without another collection.
    (call $count (local.get $before))
    (local.get $sum))
