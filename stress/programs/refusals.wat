;; `refusals`: a little of everything that asks the system or the allocator for something.
  (type $work (func (param i64 (ref null $box)) (result i64)))
  (type $bare (cont $work))
  (type $ready (func (result i64)))
  (type $task (cont $ready))
  (tag $wait)
  (memory 1 64)
  (table $tasks 1 4096 (ref null $task))
  (global $sum (mut i64) (i64.const 0))
  (global $large (mut (ref null $longs)) (ref.null $longs))

  (func $add (param $value i64)
    (global.set $sum (i64.add (global.get $sum) (local.get $value))))

  ;; Holds a box of its own and one that was bound while it waits.
  (func $worker (type $work) (param $n i64) (param $bound (ref null $box)) (result i64)
    (local $own (ref null $box))
    (local.set $own (call $new_box (local.get $n)))
    (suspend $wait)
    (i64.add
      (call $check_box (local.get $own) (local.get $n))
      (call $check_box (local.get $bound) (i64.add (local.get $n) (i64.const 1)))))

  ;; As deep as it is told, each with the same box.
  (func $nest (type $work) (param $depth i64) (param $box (ref null $box)) (result i64)
    (if (i64.eqz (local.get $depth))
      (then (return (call $check_box (local.get $box) (i64.const 7)))))
    (i64.add
      (resume $task
        (cont.bind $bare $task
          (i64.sub (local.get $depth) (i64.const 1)) (local.get $box)
          (cont.new $bare (ref.func $nest))))
      (call $check_box (local.get $box) (i64.const 7))))
  (elem declare func $worker $nest)

  ;; Runs until it suspends; kept if there is a place for it, or else finished.
  (func $start (param $n i64)
    (local $k (ref null $task))
    (local $place i32)
    (local.set $k
      (block $on (result (ref $task))
        (call $add
          (resume $task (on $wait $on)
            (cont.bind $bare $task
              (local.get $n) (call $new_box (i64.add (local.get $n) (i64.const 1)))
              (cont.new $bare (ref.func $worker)))))
        (return)))
    (local.set $place (table.grow $tasks (ref.null $task) (i32.const 1)))
    (if (i32.eq (local.get $place) (i32.const -1))
      (then (call $add (resume $task (local.get $k))) (return)))
    (table.set $tasks (local.get $place) (local.get $k)))

  (func $finish (param $place i32)
    (local $k (ref null $task))
    (local.set $k (table.get $tasks (local.get $place)))
    (if (ref.is_null (local.get $k)) (then (return)))
    (table.set $tasks (local.get $place) (ref.null $task))
    (call $add (resume $task (local.get $k))))

  ;; Objects that begin in the old space.
  (func $grow_large (param $n i32)
    (global.set $large
      (array.new $longs (i64.extend_i32_u (local.get $n)) (i32.const 20000)))
    (call $add (array.get $longs (global.get $large) (i32.const 19999))))

  (func (export "let_go")
    (table.fill $tasks (i32.const 0) (ref.null $task) (table.size $tasks)))

  (func (export "run") (param $tasks i32) (param $depth i32) (result i64)
    (local $at i32)
    (loop $each
      (call $start (i64.extend_i32_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $at) (local.get $tasks))))
    (call $gc)
    (local.set $at (i32.const 0))
    (loop $each
      (call $grow_large (local.get $at))
      ;; Whether it grows makes no difference.
      (if (i32.ne (memory.grow (i32.const 2)) (i32.const -1))
        (then (i64.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 8)) (i64.const 1))))
      (call $add
        (resume $task
          (cont.bind $bare $task
            (i64.extend_i32_u (local.get $depth)) (call $new_box (i64.const 7))
            (cont.new $bare (ref.func $nest)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $at) (i32.const 5))))
    (local.set $at (i32.const 0))
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $at) (table.size $tasks)))
        (call $finish (local.get $at))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $each)))
    (call $gc)
    (global.get $sum))
