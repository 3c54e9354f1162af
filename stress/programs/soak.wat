  ;; `soak`: a step picks a slot and does one of many things with the worker there. See
  ;; src/suites/soak.rs, which does the same with numbers.
  (type $rest (func (param i64) (result i64)))
  (type $k (cont $rest))
  (type $ready (func (result i64)))
  (type $k_ready (cont $ready))
  (rec
    (type $swaps (func (param (ref null $k_swaps)) (result i64)))
    (type $k_swaps (cont $swaps)))
  (type $swapped (func (param i64 (ref null $k_swaps)) (result i64)))
  (type $k_swapped (cont $swapped))
  (type $array (array (mut (ref null $box))))
  ;; Hands out a number; is handed 1 for a turn, 0 for the end.
  (tag $pause (param i64) (result i64))
  (tag $swap (result i64))
  (tag $turn)
  (tag $end (param (ref $box)))
  (table $waits 256 (ref null $k))
  (table $bound 256 (ref null $k_ready))
  (elem declare func $worker $swaps_first $swaps_second $traps)
  (global $state (mut i64) (i64.const 0))
  (global $next (mut i64) (i64.const 0))
  ;; An old array that young boxes are stored in all the time; with cards.
  (global $old (mut (ref null $array)) (ref.null $array))
  (func (export "fault_count") (result i64) (global.get $faults))

  (func $random (param $bound i32) (result i32)
    (global.set $state
      (i64.add
        (i64.mul (global.get $state) (i64.const 6364136223846793005))
        (i64.const 1442695040888963407)))
    (i32.rem_u
      (i32.wrap_i64 (i64.shr_u (global.get $state) (i64.const 33)))
      (local.get $bound)))
  (func $number (result i64)
    (global.set $next (i64.add (global.get $next) (i64.const 1)))
    (global.get $next))

  (func (export "begin") (param $state i64)
    (global.set $state (local.get $state))
    (global.set $old (array.new_default $array (i32.const 2000))))

  (func $worker (type $rest) (param $id i64) (result i64)
    (local $box (ref $box)) (local $turns i64) (local $go i64)
    (local.set $box (call $new_box (local.get $id)))
    (block $begun
      (block $turn
        (try_table (catch $turn $turn)
          (local.set $go (suspend $pause (i64.const 0))))
        (br $begun))
      (local.set $go (i64.const 1)))
    (loop $next
      (block $turn
        (try_table (catch $turn $turn)
          (if (i64.eqz (local.get $go))
            (then
              (return
                (call $fold
                  (call $check_box (local.get $box) (local.get $id))
                  (i64.sub (i64.const 0) (local.get $turns))))))
          (local.set $turns (i64.add (local.get $turns) (i64.const 1)))
          ;; On the operand stack while it waits.
          (call $new_box (i64.sub (i64.const 0) (local.get $id)))
          (suspend $pause
            (call $fold
              (call $check_box (local.get $box) (local.get $id))
              (local.get $turns)))
          (local.set $go)
          (drop (call $check_box (i64.sub (i64.const 0) (local.get $id)))))
        (br $next))
      ;; Thrown into: it counts as being told to go on.
      (local.set $go (i64.const 1))
      (br $next))
    (unreachable))

  ;; What was handed out, and the rest goes into the slot.
  (func $wait (param $handed i64) (param $k (ref $k)) (param $slot i32) (result i64)
    (table.set $waits (local.get $slot) (local.get $k))
    (local.get $handed))
  (func $clear (param $slot i32)
    (table.set $waits (local.get $slot) (ref.null $k))
    (table.set $bound (local.get $slot) (ref.null $k_ready)))

  (func $start (param $slot i32)
    (call $clear (local.get $slot))
    (block $on (result i64 (ref $k))
      (drop (resume $k (on $pause $on) (call $number) (cont.new $k (ref.func $worker))))
      (unreachable))
    (call $wait (local.get $slot))
    (drop))
  (func $bind (param $slot i32)
    (call $clear (local.get $slot))
    (table.set $bound (local.get $slot)
      (cont.bind $k $k_ready (call $number) (cont.new $k (ref.func $worker)))))
  (func $start_bound (param $slot i32)
    (block $on (result i64 (ref $k))
      (drop (resume $k_ready (on $pause $on) (table.get $bound (local.get $slot))))
      (unreachable))
    (call $wait (local.get $slot))
    (drop)
    (table.set $bound (local.get $slot) (ref.null $k_ready)))
  (func $turn (param $slot i32) (result i64)
    (block $on (result i64 (ref $k))
      (drop
        (resume $k (on $pause $on) (i64.const 1) (table.get $waits (local.get $slot))))
      (unreachable))
    (return_call $wait (local.get $slot)))
  (func $finish (param $slot i32) (result i64)
    (resume $k (i64.const 0) (table.get $waits (local.get $slot)))
    (table.set $waits (local.get $slot) (ref.null $k)))
  (func $throw_turn (param $slot i32) (result i64)
    (block $on (result i64 (ref $k))
      (drop
        (resume_throw $k $turn (on $pause $on) (table.get $waits (local.get $slot))))
      (unreachable))
    (return_call $wait (local.get $slot)))
  ;; The exception's box has a number of its own.
  (func $throw_end (param $slot i32) (result i64) (local $id i64)
    (local.set $id (call $number))
    (block $caught (result (ref $box))
      (try_table (catch $end $caught)
        (drop
          (resume_throw $k $end
            (call $new_box (local.get $id)) (table.get $waits (local.get $slot)))))
      (unreachable))
    (call $clear (local.get $slot))
    (return_call $check_box (local.get $id)))

  ;; Two that switch once; the second one's result is that of both.
  (func $swaps_first (type $swaps) (local $id i64)
    (local.set $id (call $number))
    (call $new_box (local.get $id))
    (switch $k_swapped $swap
      (local.get $id) (cont.new $k_swapped (ref.func $swaps_second)))
    (drop)
    (call $check_box (local.get $id)))
  (func $swaps_second (type $swapped) (param $id i64) (param $back (ref null $k_swaps)) (result i64)
    (call $litter (i32.const 2))
    (switch $k_swaps $swap (local.get $back))
    (unreachable))

  (func $traps (type $ready) (unreachable))
  (func (export "trap")
    (drop (resume $k_ready (cont.new $k_ready (ref.func $traps)))))

  (func $operation (result i64) (local $slot i32) (local $other i32) (local $action i32) (local $id i64)
    (local.set $slot (call $random (i32.const 256)))
    (local.set $other (call $random (i32.const 256)))
    (local.set $action (call $random (i32.const 16)))
    (array.set $array (global.get $old)
      (i32.and (i32.wrap_i64 (global.get $state)) (i32.const 1023))
      (call $new_box (i64.const 1)))
    (if (i32.and
          (ref.is_null (table.get $waits (local.get $slot)))
          (ref.is_null (table.get $bound (local.get $slot))))
      (then
        (if (i32.lt_u (local.get $action) (i32.const 4))
          (then (call $bind (local.get $slot)) (return (i64.const 1))))
        (call $start (local.get $slot))
        (return (i64.const 2))))
    (if (i32.eqz (local.get $action))
      (then (call $bind (local.get $slot)) (return (i64.const 1))))
    (if (i32.eq (local.get $action) (i32.const 1))
      (then (call $start (local.get $slot)) (return (i64.const 2))))
    (if (i32.eqz (ref.is_null (table.get $bound (local.get $slot))))
      (then (call $start_bound (local.get $slot)) (return (i64.const 3))))
    (if (i32.lt_u (local.get $action) (i32.const 7))
      (then (return_call $turn (local.get $slot))))
    (if (i32.lt_u (local.get $action) (i32.const 9))
      (then (return_call $finish (local.get $slot))))
    (if (i32.lt_u (local.get $action) (i32.const 11))
      (then (return_call $throw_turn (local.get $slot))))
    (if (i32.eq (local.get $action) (i32.const 11))
      (then (return_call $throw_end (local.get $slot))))
    (if (i32.eq (local.get $action) (i32.const 12))
      (then
        (return
          (resume $k_swaps (on $swap switch)
            (ref.null $k_swaps) (cont.new $k_swaps (ref.func $swaps_first))))))
    (if (i32.and
          (i32.eq (local.get $action) (i32.const 13))
          (i32.ne (local.get $slot) (local.get $other)))
      (then
        (call $clear (local.get $other))
        (table.copy $waits $waits (local.get $other) (local.get $slot) (i32.const 1))
        (table.set $waits (local.get $slot) (ref.null $k))
        (return (i64.const 5))))
    (call $clear (local.get $slot))
    (i64.const 6))

  (func (export "part") (param $count i64) (result i64) (local $sum i64)
    (loop $next
      (local.set $sum (call $fold (local.get $sum) (call $operation)))
      (local.set $count (i64.sub (local.get $count) (i64.const 1)))
      (br_if $next (i32.and
        (i64.ne (local.get $count) (i64.const 0))
        (i64.eqz (global.get $faults)))))
    (local.get $sum))
