;; OCaml-like effects: deep handlers over continuations that live in a struct.
;;
;;   match_with f h     runs f; an effect goes to h, with the fiber that performed it
;;   continue f v       goes on in the fiber, under the same handler: it is deep
;;   discontinue f e    raises e where the fiber stopped
;;
;; A fiber is used once: whoever takes its continuation leaves null behind. A scheduler
;; keeps fibers in a ring that is a GC array, so a million of them are reachable through
;; objects alone.
;; run(n) = n fibers, two yields each: the sum of what they return, 0 + 1 + ... + (n - 1),
;; and of the turns they took, 3 n
(module
  (type $value (struct (field $n i64)))
  (type $step (func (param (ref eq)) (result (ref eq))))
  (type $suspended (cont $step))
  (type $fiber (struct (field $k (mut (ref null $suspended)))))
  (type $body (func (param (ref eq)) (result (ref eq))))
  (type $handler (func (param (ref eq) (ref $fiber)) (result (ref eq))))
  (type $ring (array (mut (ref null $fiber))))
  ;; An effect: performed with a value, continued with one.
  (tag $perform (param (ref eq)) (result (ref eq)))
  (tag $raise (param (ref eq)))
  (global $ring (mut (ref null $ring)) (ref.null $ring))
  (global $first (mut i32) (i32.const 0))
  (global $count (mut i32) (i32.const 0))
  (global $turns (mut i64) (i64.const 0))
  (elem declare func $twice $scheduler $catcher $answer)

  (func $box (param $n i64) (result (ref $value)) (struct.new $value (local.get $n)))
  (func $unbox (param $v (ref eq)) (result i64)
    (struct.get $value $n (ref.cast (ref $value) (local.get $v))))

  ;; The handler stays installed: what the fiber performs next comes here again.
  (func $under (param $k (ref $suspended)) (param $v (ref eq)) (param $h (ref $handler))
      (result (ref eq))
    (local $eff (ref eq))
    (block $performed (result (ref eq) (ref $suspended))
      (return (resume $suspended (on $perform $performed) (local.get $v) (local.get $k))))
    (local.set $k)
    (local.set $eff)
    (return_call_ref $handler (local.get $eff) (struct.new $fiber (local.get $k)) (local.get $h)))

  (func $match_with (param $f (ref $body)) (param $v (ref eq)) (param $h (ref $handler))
      (result (ref eq))
    (return_call $under (cont.new $suspended (local.get $f)) (local.get $v) (local.get $h)))

  ;; One shot: a second use is null, and traps.
  (func $take (param $fiber (ref $fiber)) (result (ref $suspended))
    (local $k (ref null $suspended))
    (local.set $k (struct.get $fiber $k (local.get $fiber)))
    (struct.set $fiber $k (local.get $fiber) (ref.null $suspended))
    (ref.as_non_null (local.get $k)))

  (func $continue (param $fiber (ref $fiber)) (param $v (ref eq)) (param $h (ref $handler))
      (result (ref eq))
    (return_call $under (call $take (local.get $fiber)) (local.get $v) (local.get $h)))

  (func $discontinue (param $fiber (ref $fiber)) (param $e (ref eq)) (param $h (ref $handler))
      (result (ref eq))
    (local $eff (ref eq)) (local $k (ref $suspended))
    (block $performed (result (ref eq) (ref $suspended))
      (return
        (resume_throw $suspended $raise (on $perform $performed)
          (local.get $e) (call $take (local.get $fiber)))))
    (local.set $k)
    (local.set $eff)
    (return_call_ref $handler (local.get $eff) (struct.new $fiber (local.get $k)) (local.get $h)))

  ;; The queue of the scheduler.
  (func $enqueue (param $fiber (ref $fiber))
    (local $ring (ref $ring)) (local $at i32)
    (local.set $ring (ref.as_non_null (global.get $ring)))
    (local.set $at (i32.add (global.get $first) (global.get $count)))
    (if (i32.ge_u (local.get $at) (array.len (local.get $ring)))
      (then (local.set $at (i32.sub (local.get $at) (array.len (local.get $ring))))))
    (array.set $ring (local.get $ring) (local.get $at) (local.get $fiber))
    (global.set $count (i32.add (global.get $count) (i32.const 1))))

  (func $dequeue (result (ref $fiber))
    (local $ring (ref $ring)) (local $fiber (ref null $fiber))
    (local.set $ring (ref.as_non_null (global.get $ring)))
    (local.set $fiber (array.get $ring (local.get $ring) (global.get $first)))
    (array.set $ring (local.get $ring) (global.get $first) (ref.null $fiber))
    (global.set $first (i32.add (global.get $first) (i32.const 1)))
    (if (i32.eq (global.get $first) (array.len (local.get $ring)))
      (then (global.set $first (i32.const 0))))
    (global.set $count (i32.sub (global.get $count) (i32.const 1)))
    (ref.as_non_null (local.get $fiber)))

  ;; A fiber that yields twice, and holds an object across both.
  (func $twice (type $body) (param $v (ref eq)) (result (ref eq))
    (local $mine (ref eq))
    (local.set $mine (call $box (call $unbox (local.get $v))))
    (drop (suspend $perform (local.get $v)))
    (drop (suspend $perform (local.get $mine)))
    (local.get $mine))

  ;; Yield: to the end of the queue. Zero says that the fiber is not over.
  (func $scheduler (type $handler) (param $eff (ref eq)) (param $fiber (ref $fiber)) (result (ref eq))
    (call $enqueue (local.get $fiber))
    (ref.i31 (i32.const 0)))

  (func $turn (param $result (ref eq)) (result i64)
    (global.set $turns (i64.add (global.get $turns) (i64.const 1)))
    (if (result i64) (ref.test (ref i31) (local.get $result))
      (then (i64.const 0))
      (else (call $unbox (local.get $result)))))

  (func (export "run") (param $n i32) (result i64)
    (local $i i32) (local $sum i64)
    (global.set $ring (array.new_default $ring (local.get $n)))
    (global.set $first (i32.const 0))
    (global.set $count (i32.const 0))
    (global.set $turns (i64.const 0))
    (loop $spawn
      (local.set $sum (i64.add (local.get $sum)
        (call $turn
          (call $match_with (ref.func $twice) (call $box (i64.extend_i32_u (local.get $i)))
            (ref.func $scheduler)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $spawn (i32.lt_u (local.get $i) (local.get $n))))
    (loop $go
      (local.set $sum (i64.add (local.get $sum)
        (call $turn
          (call $continue (call $dequeue) (ref.i31 (i32.const 1)) (ref.func $scheduler)))))
      (br_if $go (global.get $count)))
    (i64.add (local.get $sum) (global.get $turns)))

  ;; Raised where the fiber stopped, and caught there: 100 + what was raised.
  (func $catcher (type $body) (param $v (ref eq)) (result (ref eq))
    (local $e (ref eq))
    (block $caught (result (ref eq))
      (try_table (catch $raise $caught)
        (return (suspend $perform (local.get $v))))
      (unreachable))
    (local.set $e)
    (call $box (i64.add (i64.const 100) (call $unbox (local.get $e)))))

  (func $answer (type $handler) (param $eff (ref eq)) (param $fiber (ref $fiber)) (result (ref eq))
    (if (result (ref eq)) (i64.eqz (call $unbox (local.get $eff)))
      (then (call $discontinue (local.get $fiber) (call $box (i64.const 7)) (ref.func $answer)))
      (else (call $continue (local.get $fiber) (local.get $eff) (ref.func $answer)))))

  ;; discontinue(0) = 107; discontinue(v) = v
  (func (export "discontinue") (param $v i64) (result i64)
    (call $unbox (call $match_with (ref.func $catcher) (call $box (local.get $v)) (ref.func $answer))))

  ;; A fiber used twice traps.
  (func (export "twice") (param $v i64) (result i64)
    (local $fiber (ref null $fiber))
    (global.set $ring (array.new_default $ring (i32.const 4)))
    (global.set $first (i32.const 0))
    (global.set $count (i32.const 0))
    (drop (call $match_with (ref.func $twice) (call $box (local.get $v)) (ref.func $scheduler)))
    (local.set $fiber (call $dequeue))
    (drop (call $continue (ref.as_non_null (local.get $fiber)) (ref.i31 (i32.const 1)) (ref.func $scheduler)))
    (call $unbox
      (call $continue (ref.as_non_null (local.get $fiber)) (ref.i31 (i32.const 1)) (ref.func $scheduler)))))
