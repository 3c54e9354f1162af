;; `random`: what generated functions build on.
  (type $node
    (struct
      (field $value (mut i64))
      (field $left (mut (ref null $node)))
      (field $right (mut (ref null $node)))
      NUMBER_FIELD))
  (type $body (func (param (ref null $node) i64) (result (ref null $node) i64)))
  (type $task (cont $body))
  (tag $tag0 (param (ref null $node) i64) (result (ref null $node) i64))
  (tag $tag1 (param (ref null $node) i64) (result (ref null $node) i64))
  (table $slots SLOTS (ref null $task))
  ;; What stands for an object where there must be one.
  (global $stone (ref $node) STONE)
  (global $fuel (mut i32) (i32.const FUEL))
  (global $sum (export "sum") (mut i64) (i64.const 0))

  ;; Uses up one unit of fuel; 0 if there is none.
  (func $burn (result i32)
    (if (i32.eqz (global.get $fuel))
      (then (return (i32.const 0))))
    (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1)))
    (i32.const 1))

  (func $note (param $value i64)
    (global.set $sum (call $fold (global.get $sum) (local.get $value))))

  ;; What is resumed in place of a continuation: it, or by turns a clone of it.
  (func $resumed (param $k (ref null $task)) (result (ref null $task))
    RESUMED)

  ;; What is in an object and behind it, down to a depth.
  (func $digest (param $node (ref null $node)) (param $depth i32) (result i64)
    (if (ref.is_null (local.get $node))
      (then (return (i64.const NULL_DIGEST))))
    (if (i32.eqz (local.get $depth))
      (then (return (i64.const 0))))
    (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
    (call $fold
      (call $fold
        (struct.get $node $value (local.get $node))
        (call $digest (struct.get $node $left (local.get $node)) (local.get $depth)))
      (call $digest (struct.get $node $right (local.get $node)) (local.get $depth))))

  ;; Holds on to no continuation any more.
  (func (export "let_go")
    (table.fill $slots (i32.const 0) (ref.null $task) (i32.const SLOTS)))

  ;; No more continuations may be alive than can be reached.
  (func $at_most (param $before i64) (param $reachable i64)
    (local $is i64)
    (global.set $live (local.get $reachable))
    (local.set $is (i64.sub (call $continuations) (local.get $before)))
    (if (i64.gt_s (local.get $is) (local.get $reachable))
      (then (call $fault (i64.const 0x8000000000000000) (local.get $is)))))
