;; `rings`: nodes in n slots, each of which may hold a suspended worker, and workers
;; that hold a node each in their frames. Nodes refer to each other and to themselves,
;; so that rings of nodes and workers come about and are let go. How many workers must
;; live after each collection is known beforehand. A node holds its worker in a field, in
;; an array or in an exception.
  (rec
    (type $rest (func (param (ref null $node) i32) (result i64)))
    (type $suspended (cont $rest))
    (type $workers (array (mut (ref null $suspended))))
    (type $node
      (struct
        (field $id i64)
        (field $value i64)
        (field $left (mut (ref null $node)))
        (field $right (mut (ref null $node)))
        (field $worker (mut (ref null $suspended)))
        (field $workers (mut (ref null $workers)))
        (field $thrown (mut exnref)))))
  (type $work (func (param i64 (ref null $node)) (result i64)))
  (type $fresh (cont $work))
  ;; Hands out a number; is handed the node to hold, and 1 if the worker shall finish.
  (tag $pause (param i64) (result (ref null $node) i32))
  (tag $carry (param i64 (ref null $suspended)))
  (elem declare func $worker)

  (table $slots 0 (ref null $node))
  (global $state (mut i64) (i64.const 0))
  ;; Workers that live after each collection, the first one first.
  (type $counts (array i64))
  (global $counts (ref $counts) (array.new_fixed $counts COUNTS))
  (global $collected (mut i32) (i32.const 0))

  (func $random (param $bound i32) (result i32)
    (global.set $state
      (i64.add
        (i64.mul (global.get $state) (i64.const 6364136223846793005))
        (i64.const 1442695040888963407)))
    (i32.rem_u
      (i32.wrap_i64 (i64.shr_u (global.get $state) (i64.const 33)))
      (local.get $bound)))

  ;; The value of a node, which must be that of its number; 0 for null.
  (func $check (param $node (ref null $node)) (result i64)
    (if (ref.is_null (local.get $node))
      (then (return (i64.const 0))))
    (call $same
      (struct.get $node $id (local.get $node))
      (struct.get $node $value (local.get $node))
      (call $value (struct.get $node $id (local.get $node))))
    (struct.get $node $value (local.get $node)))

  ;; Holds a node until it is handed another one.
  (func $worker (param $id i64) (param $node (ref null $node)) (result i64)
    (local $box (ref $box))
    (local $turns i64)
    (local $finish i32)
    (local.set $box (call $new_box (local.get $id)))
    (loop $turn
      (suspend $pause (call $fold (call $check (local.get $node)) (local.get $turns)))
      (local.set $finish)
      (drop (call $check_box (local.get $box) (local.get $id)))
      ;; What it held all the time is still what it was.
      (drop (call $check (local.get $node)))
      (local.set $node)
      (local.set $turns (i64.add (local.get $turns) (i64.const 1)))
      (br_if $turn (i32.eqz (local.get $finish))))
    (call $fold (call $check (local.get $node)) (local.get $turns)))

  ;; In what a node holds its worker.
  (func $way (param $node (ref $node)) (result i32)
    (i32.wrap_i64 (i64.rem_u (struct.get $node $id (local.get $node)) (i64.const 3))))

  (func $place (param $node (ref $node)) (result i32)
    (i32.wrap_i64 (i64.and (struct.get $node $id (local.get $node)) (i64.const 7))))

  (func $carried (param $node (ref $node)) (param $it (ref null $suspended))
    (result exnref)
    (block $caught (result exnref)
      (try_table (catch_all_ref $caught)
        (throw $carry (struct.get $node $id (local.get $node)) (local.get $it)))
      (unreachable)))

  (func $put (param $node (ref $node)) (param $it (ref null $suspended))
    (local $way i32)
    (local.set $way (call $way (local.get $node)))
    (if (i32.eqz (local.get $way))
      (then
        (struct.set $node $worker (local.get $node) (local.get $it))
        (return)))
    (if (i32.eq (local.get $way) (i32.const 2))
      (then
        (struct.set $node $thrown (local.get $node)
          (call $carried (local.get $node) (local.get $it)))
        (return)))
    (if (ref.is_null (struct.get $node $workers (local.get $node)))
      (then
        (struct.set $node $workers (local.get $node)
          (array.new_default $workers (i32.const 9)))))
    (array.set $workers
      (struct.get $node $workers (local.get $node))
      (call $place (local.get $node))
      (local.get $it))
    ;; Over the neighbour's place and back.
    (array.copy $workers $workers
      (struct.get $node $workers (local.get $node))
      (i32.add (call $place (local.get $node)) (i32.const 1))
      (struct.get $node $workers (local.get $node))
      (call $place (local.get $node))
      (i32.const 1))
    (array.fill $workers
      (struct.get $node $workers (local.get $node))
      (call $place (local.get $node))
      (ref.null $suspended)
      (i32.const 1)))

  ;; Takes the worker out of a node; null if it holds none.
  (func $take (param $node (ref $node)) (result (ref null $suspended))
    (local $way i32)
    (local $it (ref null $suspended))
    (local $carried i64)
    (local.set $way (call $way (local.get $node)))
    (if (i32.eqz (local.get $way))
      (then
        (struct.get $node $worker (local.get $node))
        (struct.set $node $worker (local.get $node) (ref.null $suspended))
        (return)))
    (if (i32.eq (local.get $way) (i32.const 2))
      (then
        (if (ref.is_null (struct.get $node $thrown (local.get $node)))
          (then (return (ref.null $suspended))))
        (block $caught (result i64 (ref null $suspended))
          (try_table (catch $carry $caught)
            (throw_ref (struct.get $node $thrown (local.get $node))))
          (unreachable))
        (local.set $it)
        (local.set $carried)
        (call $same
          (struct.get $node $id (local.get $node))
          (local.get $carried)
          (struct.get $node $id (local.get $node)))
        (struct.set $node $thrown (local.get $node) (ref.null exn))
        (return (local.get $it))))
    (if (ref.is_null (struct.get $node $workers (local.get $node)))
      (then (return (ref.null $suspended))))
    (array.get $workers
      (struct.get $node $workers (local.get $node))
      (i32.add (call $place (local.get $node)) (i32.const 1)))
    (struct.set $node $workers (local.get $node) (ref.null $workers)))

  ;; Lets a worker take a turn, or starts one if it is null, and puts it into a node.
  ;; Returns what it handed out.
  (func $turn (param $node (ref $node)) (param $it (ref null $suspended))
    (param $id i64) (param $holds (ref null $node)) (result i64)
    (local $handed i64)
    (block $paused (result i64 (ref $suspended))
      (if (ref.is_null (local.get $it))
        (then
          (resume $fresh (on $pause $paused)
            (local.get $id) (local.get $holds) (cont.new $fresh (ref.func $worker)))
          (call $fault (local.get $id) (i64.const -3))
          (return)))
      (resume $suspended (on $pause $paused)
        (local.get $holds) (i32.const 0) (local.get $it))
      (call $fault (local.get $id) (i64.const -3))
      (return))
    (local.set $it)
    (local.set $handed)
    (call $put (local.get $node) (local.get $it))
    (local.get $handed))

  (func $finish (param $it (ref null $suspended)) (param $holds (ref null $node))
    (result i64)
    (if (ref.is_null (local.get $it))
      (then (return (i64.const 0))))
    (resume $suspended (local.get $holds) (i32.const 1) (local.get $it)))

  ;; One step, on the nodes of three slots. Returns what came of it.
  (func $step (param $slot i32) (param $second i32) (param $third i32)
    (param $action i32) (param $id i64) (result i64)
    (local $node (ref null $node))
    (local $other (ref null $node))
    (local $it (ref null $suspended))
    (local.set $node (table.get $slots (local.get $slot)))
    (if (i32.or
          (ref.is_null (local.get $node))
          (i32.lt_u (local.get $action) (i32.const 2)))
      (then
        (local.set $node
          (struct.new $node
            (local.get $id) (call $value (local.get $id))
            (ref.null $node) (ref.null $node)
            (ref.null $suspended) (ref.null $workers) (ref.null exn)))
        (table.set $slots (local.get $slot) (local.get $node))
        (return
          (call $turn
            (ref.as_non_null (local.get $node))
            (ref.null $suspended)
            (local.get $id)
            (local.get $node)))))
    ;; Every other time there is no other node.
    (if (i32.wrap_i64 (i64.and (local.get $id) (i64.const 1)))
      (then (local.set $other (table.get $slots (local.get $second)))))
    (if (i32.eq (local.get $action) (i32.const 2))
      (then
        (table.set $slots (local.get $slot) (ref.null $node))
        (return (i64.const 0))))
    (if (i32.eq (local.get $action) (i32.const 3))
      (then
        (struct.set $node $left (local.get $node) (local.get $other))
        (return (call $check (struct.get $node $right (local.get $node))))))
    (if (i32.eq (local.get $action) (i32.const 4))
      (then
        (struct.set $node $right (local.get $node) (local.get $other))
        (return (call $check (struct.get $node $left (local.get $node))))))
    (local.set $it (call $take (ref.as_non_null (local.get $node))))
    (if (i32.eq (local.get $action) (i32.const 5))
      (then
        (return (call $finish (local.get $it) (local.get $other)))))
    ;; The worker goes to the third node, if there is one, and on.
    (if (i32.eq (local.get $action) (i32.const 6))
      (then
        (if (i32.eqz (ref.is_null (table.get $slots (local.get $third))))
          (then
            (local.set $node (table.get $slots (local.get $third)))
            (drop (call $take (ref.as_non_null (local.get $node))))))))
    (call $turn
      (ref.as_non_null (local.get $node)) (local.get $it) (local.get $id)
      (local.get $other)))

  (func (export "run") (param $n i32) (param $steps i32) (param $every i32) (param $seed i32)
    (result i64)
    (local $before i64)
    (local $id i64)
    (local $sum i64)
    (local.set $before (call $continuations))
    (global.set $state (i64.extend_i32_u (local.get $seed)))
    (drop (table.grow $slots (ref.null $node) (local.get $n)))
    (loop $each
      (local.set $sum
        (call $fold
          (local.get $sum)
          (call $step
            (call $random (local.get $n))
            (call $random (local.get $n))
            (call $random (local.get $n))
            (call $random (i32.const 8))
            (local.get $id))))
      (local.set $id (i64.add (local.get $id) (i64.const 1)))
      (call $litter (i32.const 8))
      (if (i64.ne (global.get $faults) (i64.const 0))
        (then (return (local.get $sum))))
      (local.set $steps (i32.sub (local.get $steps) (i32.const 1)))
      (if (i32.eqz (i32.rem_u (local.get $steps) (local.get $every)))
        (then
          (call $gc)
          (global.set $live
            (array.get $counts (global.get $counts) (global.get $collected)))
          (global.set $collected (i32.add (global.get $collected) (i32.const 1)))
          (call $count (local.get $before))))
      (br_if $each (local.get $steps)))
    (table.fill $slots (i32.const 0) (ref.null $node) (local.get $n))
    ;; Whatever rings there were, nothing is left.
    (call $gc)
    (global.set $live (i64.const 0))
    (call $count (local.get $before))
    (local.get $sum))
