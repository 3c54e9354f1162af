;; Coroutines in the shape of Kotlin's: a box for each, which holds the continuation while
;; the coroutine is suspended; results and exceptions come in from outside.
;;
;;   create f     a box with a continuation that has not run
;;   start b      runs it until it suspends or is over
;;   await        suspends the running coroutine: its box takes the continuation
;;   resume b v   goes on with a value; fail b e: with an exception, thrown where it waits
;;
;; Each workload has a twin without continuations: the state machine that a compiler makes
;; of the same suspending functions, an object for each call that is under way, driven by
;; the same code. Twins return the same sums.
;;
;;   generator  one coroutine gives n values
;;   depth      n times a value comes in eight suspending calls deep
;;   crowd      n coroutines wait twice each, and go on in the order of a queue
;;   many       the same with a thousand at a time, n of them in all
;;   cancel     n coroutines are cancelled where they wait, and their boxes used again
(module
  (type $start (func))
  (type $fresh (cont $start))
  (type $go (func (param i64)))
  (type $waiting (cont $go))
  (rec
    (type $box (struct
      (field $k (mut (ref null $waiting)))
      (field $body (mut (ref null $code)))
      (field $result (mut i64))
      (field $state (mut i32))))
    (type $code (func (param (ref $box)) (result i64))))
  (type $boxes (array (mut (ref null $box))))
  (tag $await (result i64))
  (tag $failure (param i64))
  (global $current (mut (ref null $box)) (ref.null $box))
  (global $queue (mut (ref null $boxes)) (ref.null $boxes))
  (global $tasks (mut (ref null $tasks)) (ref.null $tasks))
  (elem declare func $entry $counter $deep $waiter $careful
    $counter_step $descend_step $deep_step $waiter_step $careful_step)

  ;; States of a box: 0 made, 1 suspended, 2 over, 3 failed.
  (func $create (param $body (ref $code)) (result (ref $box))
    (struct.new $box (ref.null $waiting) (local.get $body) (i64.const 0) (i32.const 0)))

  ;; What a new coroutine begins with.
  (func $entry (type $start)
    (local $box (ref $box))
    (local.set $box (ref.as_non_null (global.get $current)))
    (struct.set $box $result (local.get $box)
      (call_ref $code (local.get $box) (ref.as_non_null (struct.get $box $body (local.get $box)))))
    (struct.set $box $state (local.get $box) (i32.const 2)))

  (func $wait (param $k (ref $waiting)) (param $box (ref $box))
    (struct.set $box $k (local.get $box) (local.get $k))
    (struct.set $box $state (local.get $box) (i32.const 1)))

  (func $failed (param $e i64) (param $box (ref $box))
    (struct.set $box $result (local.get $box) (local.get $e))
    (struct.set $box $state (local.get $box) (i32.const 3)))

  (func $take (param $box (ref $box)) (result (ref $waiting))
    (local $k (ref null $waiting))
    (local.set $k (struct.get $box $k (local.get $box)))
    (struct.set $box $k (local.get $box) (ref.null $waiting))
    (ref.as_non_null (local.get $k)))

  (func $start (param $box (ref $box))
    (local $outer (ref null $box))
    (local.set $outer (global.get $current))
    (global.set $current (local.get $box))
    (block $over
      (block $thrown (result i64)
        (block $suspended (result (ref $waiting))
          (try_table (catch $failure $thrown)
            (resume $fresh (on $await $suspended) (cont.new $fresh (ref.func $entry))))
          (br $over))
        (call $wait (local.get $box))
        (br $over))
      (call $failed (local.get $box)))
    (global.set $current (local.get $outer)))

  (func $resume (param $box (ref $box)) (param $v i64)
    (local $outer (ref null $box))
    (local.set $outer (global.get $current))
    (global.set $current (local.get $box))
    (block $over
      (block $thrown (result i64)
        (block $suspended (result (ref $waiting))
          (try_table (catch $failure $thrown)
            (resume $waiting (on $await $suspended) (local.get $v) (call $take (local.get $box))))
          (br $over))
        (call $wait (local.get $box))
        (br $over))
      (call $failed (local.get $box)))
    (global.set $current (local.get $outer)))

  (func $fail (param $box (ref $box)) (param $e i64)
    (local $outer (ref null $box))
    (local.set $outer (global.get $current))
    (global.set $current (local.get $box))
    (block $over
      (block $thrown (result i64)
        (block $suspended (result (ref $waiting))
          (try_table (catch $failure $thrown)
            (resume_throw $waiting $failure (on $await $suspended)
              (local.get $e) (call $take (local.get $box))))
          (br $over))
        (call $wait (local.get $box))
        (br $over))
      (call $failed (local.get $box)))
    (global.set $current (local.get $outer)))

  ;; Suspending functions.
  (func $counter (type $code) (param $box (ref $box)) (result i64)
    (local $i i64)
    (loop $again
      (struct.set $box $result (local.get $box) (local.get $i))
      (drop (suspend $await))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br $again))
    (unreachable))

  (func $descend (param $depth i32) (result i64)
    (if (result i64) (local.get $depth)
      (then (i64.add (i64.const 1) (call $descend (i32.sub (local.get $depth) (i32.const 1)))))
      (else (suspend $await))))

  (func $deep (type $code) (param $box (ref $box)) (result i64)
    (local $sum i64)
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (call $descend (i32.const 8))))
      (struct.set $box $result (local.get $box) (local.get $sum))
      (br $again))
    (unreachable))

  (func $waiter (type $code) (param $box (ref $box)) (result i64)
    (i64.add (suspend $await) (suspend $await)))

  ;; Cancelled where it waits, it cleans up and passes the exception on.
  (func $careful (type $code) (param $box (ref $box)) (result i64)
    (local $e i64)
    (block $caught (result i64)
      (try_table (catch $failure $caught)
        (return (suspend $await)))
      (unreachable))
    (local.set $e)
    (throw $failure (i64.add (local.get $e) (i64.const 1))))

  ;; The workloads.
  (func (export "generator") (param $n i32) (result i64)
    (local $box (ref $box)) (local $sum i64)
    (local.set $box (call $create (ref.func $counter)))
    (call $start (local.get $box))
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (struct.get $box $result (local.get $box))))
      (call $resume (local.get $box) (i64.const 0))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))

  (func (export "depth") (param $n i32) (result i64)
    (local $box (ref $box))
    (local.set $box (call $create (ref.func $deep)))
    (call $start (local.get $box))
    (loop $again
      (call $resume (local.get $box) (i64.extend_i32_u (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (struct.get $box $result (local.get $box)))

  (func $crowd (export "crowd") (param $n i32) (result i64)
    (local $i i32) (local $sum i64) (local $round i32) (local $queue (ref $boxes)) (local $box (ref $box))
    (local.set $queue (array.new_default $boxes (local.get $n)))
    (global.set $queue (local.get $queue))
    (loop $make
      (local.set $box (call $create (ref.func $waiter)))
      (call $start (local.get $box))
      (array.set $boxes (local.get $queue) (local.get $i) (local.get $box))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $make (i32.lt_u (local.get $i) (local.get $n))))
    (local.set $round (i32.const 2))
    (loop $rounds
      (local.set $i (i32.const 0))
      (loop $come
        (call $resume (ref.as_non_null (array.get $boxes (local.get $queue) (local.get $i)))
          (i64.extend_i32_u (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $come (i32.lt_u (local.get $i) (local.get $n))))
      (br_if $rounds (local.tee $round (i32.sub (local.get $round) (i32.const 1)))))
    (call $collect (local.get $queue)))

  (func $collect (param $queue (ref $boxes)) (result i64)
    (local $i i32) (local $sum i64) (local $box (ref $box))
    (loop $again
      (local.set $box (ref.as_non_null (array.get $boxes (local.get $queue) (local.get $i))))
      (if (i32.ne (struct.get $box $state (local.get $box)) (i32.const 2)) (then (unreachable)))
      (local.set $sum (i64.add (local.get $sum) (struct.get $box $result (local.get $box))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (array.len (local.get $queue)))))
    (local.get $sum))

  (func (export "cancel") (param $n i32) (result i64)
    (local $sum i64) (local $box (ref $box))
    (local.set $box (call $create (ref.func $careful)))
    (loop $again
      (call $start (local.get $box))
      (call $fail (local.get $box) (i64.extend_i32_u (local.get $n)))
      (if (i32.ne (struct.get $box $state (local.get $box)) (i32.const 3)) (then (unreachable)))
      (local.set $sum (i64.add (local.get $sum) (struct.get $box $result (local.get $box))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))

  ;; The twins. A frame is an object: where it goes on, what it keeps, who called it. A
  ;; step runs it until it waits (1), is over (2) or throws.
  (rec
    (type $frame (struct
      (field $step (ref $step))
      (field $at (mut i32))
      (field $kept (mut i64))
      (field $caller (ref null $frame))
      (field $task (ref $task))))
    (type $step (func (param (ref $frame) i64) (result i32)))
    (type $task (struct
      (field $top (mut (ref null $frame)))
      (field $result (mut i64))
      (field $state (mut i32)))))
  (type $tasks (array (mut (ref null $task))))

  (func $task (result (ref $task))
    (struct.new $task (ref.null $frame) (i64.const 0) (i32.const 0)))

  (func $call (param $step (ref $step)) (param $kept i64) (param $task (ref $task))
      (param $caller (ref null $frame)) (result (ref $frame))
    (local $frame (ref $frame))
    (local.set $frame
      (struct.new $frame (local.get $step) (i32.const 0) (local.get $kept) (local.get $caller)
        (local.get $task)))
    (struct.set $task $top (local.get $task) (local.get $frame))
    (local.get $frame))

  ;; The value goes to the innermost frame, and what that returns to its caller.
  (func $drive (param $task (ref $task)) (param $v i64)
    (local $frame (ref null $frame))
    (local.set $frame (struct.get $task $top (local.get $task)))
    (loop $out
      (if (i32.eq (i32.const 1)
            (call_ref $step (ref.as_non_null (local.get $frame)) (local.get $v)
              (struct.get $frame $step (local.get $frame))))
        (then
          (struct.set $task $state (local.get $task) (i32.const 1))
          (return)))
      (local.set $v (struct.get $task $result (local.get $task)))
      (br_if $out
        (i32.eqz (ref.is_null
          (local.tee $frame (struct.get $frame $caller (local.get $frame)))))))
    (struct.set $task $state (local.get $task) (i32.const 2)))

  (func $begin (param $task (ref $task)) (param $step (ref $step))
    (drop (call $call (local.get $step) (i64.const 0) (local.get $task) (ref.null $frame)))
    (call $drive (local.get $task) (i64.const 0)))

  ;; As by an exception where the task waits.
  (func $break (param $task (ref $task)) (param $e i64)
    (local $thrown i64)
    (local.set $thrown
      (block $caught (result i64)
        (try_table (catch $failure $caught)
          (struct.set $frame $at (struct.get $task $top (local.get $task)) (i32.const 9))
          (call $drive (local.get $task) (local.get $e)))
        (return)))
    (struct.set $task $result (local.get $task) (local.get $thrown))
    (struct.set $task $state (local.get $task) (i32.const 3)))

  (func $give (param $frame (ref $frame)) (param $v i64) (param $how i32) (result i32)
    (struct.set $task $result (struct.get $frame $task (local.get $frame)) (local.get $v))
    (local.get $how))

  (func $counter_step (type $step) (param $frame (ref $frame)) (param $v i64) (result i32)
    (if (i32.eqz (struct.get $frame $at (local.get $frame)))
      (then (struct.set $frame $at (local.get $frame) (i32.const 1)))
      (else
        (struct.set $frame $kept (local.get $frame)
          (i64.add (struct.get $frame $kept (local.get $frame)) (i64.const 1)))))
    (return_call $give (local.get $frame) (struct.get $frame $kept (local.get $frame)) (i32.const 1)))

  (func $descend_step (type $step) (param $frame (ref $frame)) (param $v i64) (result i32)
    (block $resumed
      (block $returned
        (block $begun
          (br_table $begun $returned $resumed (struct.get $frame $at (local.get $frame))))
        (if (i64.eqz (struct.get $frame $kept (local.get $frame)))
          (then
            (struct.set $frame $at (local.get $frame) (i32.const 2))
            (return (i32.const 1))))
        (struct.set $frame $at (local.get $frame) (i32.const 1))
        (return_call $descend_step
          (call $call (ref.func $descend_step)
            (i64.sub (struct.get $frame $kept (local.get $frame)) (i64.const 1))
            (struct.get $frame $task (local.get $frame)) (local.get $frame))
          (i64.const 0)))
      (return_call $give (local.get $frame) (i64.add (i64.const 1) (local.get $v)) (i32.const 2)))
    (return_call $give (local.get $frame) (local.get $v) (i32.const 2)))

  (func $deep_step (type $step) (param $frame (ref $frame)) (param $v i64) (result i32)
    (if (struct.get $frame $at (local.get $frame))
      (then
        (struct.set $frame $kept (local.get $frame)
          (i64.add (struct.get $frame $kept (local.get $frame)) (local.get $v)))
        (drop (call $give (local.get $frame) (struct.get $frame $kept (local.get $frame)) (i32.const 0)))))
    (struct.set $frame $at (local.get $frame) (i32.const 1))
    (return_call $descend_step
      (call $call (ref.func $descend_step) (i64.const 8)
        (struct.get $frame $task (local.get $frame)) (local.get $frame))
      (i64.const 0)))

  (func $waiter_step (type $step) (param $frame (ref $frame)) (param $v i64) (result i32)
    (local $at i32)
    (local.set $at (struct.get $frame $at (local.get $frame)))
    (struct.set $frame $at (local.get $frame) (i32.add (local.get $at) (i32.const 1)))
    (local.set $v (i64.add (struct.get $frame $kept (local.get $frame)) (local.get $v)))
    (if (i32.eq (local.get $at) (i32.const 2))
      (then (return_call $give (local.get $frame) (local.get $v) (i32.const 2))))
    (struct.set $frame $kept (local.get $frame) (local.get $v))
    (i32.const 1))

  (func $careful_step (type $step) (param $frame (ref $frame)) (param $v i64) (result i32)
    (if (i32.eq (struct.get $frame $at (local.get $frame)) (i32.const 9))
      (then (throw $failure (i64.add (local.get $v) (i64.const 1)))))
    (if (struct.get $frame $at (local.get $frame))
      (then (return_call $give (local.get $frame) (local.get $v) (i32.const 2))))
    (struct.set $frame $at (local.get $frame) (i32.const 1))
    (i32.const 1))

  (func (export "generator_machine") (param $n i32) (result i64)
    (local $task (ref $task)) (local $sum i64)
    (local.set $task (call $task))
    (call $begin (local.get $task) (ref.func $counter_step))
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (struct.get $task $result (local.get $task))))
      (call $drive (local.get $task) (i64.const 0))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))

  (func (export "depth_machine") (param $n i32) (result i64)
    (local $task (ref $task))
    (local.set $task (call $task))
    (call $begin (local.get $task) (ref.func $deep_step))
    (loop $again
      (call $drive (local.get $task) (i64.extend_i32_u (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (struct.get $task $result (local.get $task)))

  (func $crowd_machine (export "crowd_machine") (param $n i32) (result i64)
    (local $i i32) (local $sum i64) (local $round i32) (local $queue (ref $tasks)) (local $task (ref $task))
    (local.set $queue (array.new_default $tasks (local.get $n)))
    (global.set $tasks (local.get $queue))
    (loop $make
      (local.set $task (call $task))
      (call $begin (local.get $task) (ref.func $waiter_step))
      (array.set $tasks (local.get $queue) (local.get $i) (local.get $task))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $make (i32.lt_u (local.get $i) (local.get $n))))
    (local.set $round (i32.const 2))
    (loop $rounds
      (local.set $i (i32.const 0))
      (loop $come
        (call $drive (ref.as_non_null (array.get $tasks (local.get $queue) (local.get $i)))
          (i64.extend_i32_u (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $come (i32.lt_u (local.get $i) (local.get $n))))
      (br_if $rounds (local.tee $round (i32.sub (local.get $round) (i32.const 1)))))
    (local.set $i (i32.const 0))
    (loop $sums
      (local.set $task (ref.as_non_null (array.get $tasks (local.get $queue) (local.get $i))))
      (if (i32.ne (struct.get $task $state (local.get $task)) (i32.const 2)) (then (unreachable)))
      (local.set $sum (i64.add (local.get $sum) (struct.get $task $result (local.get $task))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $sums (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $sum))

  (func (export "cancel_machine") (param $n i32) (result i64)
    (local $sum i64) (local $task (ref $task))
    (local.set $task (call $task))
    (loop $again
      (call $begin (local.get $task) (ref.func $careful_step))
      (call $break (local.get $task) (i64.extend_i32_u (local.get $n)))
      (if (i32.ne (struct.get $task $state (local.get $task)) (i32.const 3)) (then (unreachable)))
      (local.set $sum (i64.add (local.get $sum) (struct.get $task $result (local.get $task))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "many") (param $n i32) (result i64)
    (local $sum i64)
    (local.set $n (i32.div_u (local.get $n) (i32.const 1000)))
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (call $crowd (i32.const 1000))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))

  (func (export "many_machine") (param $n i32) (result i64)
    (local $sum i64)
    (local.set $n (i32.div_u (local.get $n) (i32.const 1000)))
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (call $crowd_machine (i32.const 1000))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
