  ;; `effects`: what levels share, and what `run` does to their chain. The levels, and `run`
  ;; itself, are made by src/suites/effects.rs.
  (type $body (func (param i64) (result i64)))
  (type $k (cont $body))
  ;; Hands out a sum. Is handed a number; below 0, an order: -4n - t - 1 to throw exception
  ;; n with tag t; the least of all to end.
  (tag $wait (param i64) (result i64))
  (tag $e0 (param i64 (ref $box)))
  (tag $e1 (param i64 (ref $box)))
  (tag $e2 (param i64 (ref $box)))
  (global $chain (mut (ref null $k)) (ref.null $k))
  (global $kept (mut exnref) (ref.null exn))
  (global $total (mut i64) (i64.const 0))
  (elem declare func $innermost $level0)

  (func $innermost (type $body) (param $n i64) (result i64)
    (local $sum i64) (local $order i64)
    (loop $next
      (local.set $order (suspend $wait (local.get $sum)))
      (if (i64.eq (local.get $order) (i64.const 0x8000000000000000))
        (then (return (local.get $sum))))
      (if (i64.lt_s (local.get $order) (i64.const 0))
        (then
          (call $throw
            (i64.shr_u (i64.sub (i64.const -1) (local.get $order)) (i64.const 2))
            (i32.wrap_i64
              (i64.and (i64.sub (i64.const -1) (local.get $order)) (i64.const 3))))))
      (local.set $sum (call $fold (local.get $sum) (local.get $order)))
      (br $next))
    (unreachable))

  (func $throw (param $number i64) (param $tag i32)
    (block $two (block $one (block $zero
      (br_table $zero $one $two (local.get $tag)))
      (throw $e0 (local.get $number) (call $new_box (local.get $number))))
      (throw $e1 (local.get $number) (call $new_box (local.get $number))))
    (throw $e2 (local.get $number) (call $new_box (local.get $number))))

  ;; A chain waits again, and has handed out a sum.
  (func $waits (param $sum i64) (param $chain (ref $k))
    (global.set $total (call $fold (global.get $total) (local.get $sum)))
    (global.set $chain (local.get $chain)))

  (func $begin
    (block $on (result i64 (ref $k))
      (drop (resume $k (on $wait $on) (i64.const 0) (cont.new $k (ref.func $level0))))
      (unreachable))
    (call $waits))

  ;; Nobody in the chain has caught it, and the chain is over.
  (func $over (param $number i64) (param $box (ref $box))
    (global.set $total
      (call $fold (global.get $total) (call $check_box (local.get $box) (local.get $number))))
    (call $begin))

  (func $take (result (ref null $k))
    (global.get $chain)
    (global.set $chain (ref.null $k)))

  (func $resume (param $order i64)
    (block $e (result i64 (ref $box))
      (block $on (result i64 (ref $k))
        (try_table (catch $e0 $e) (catch $e1 $e) (catch $e2 $e)
          (drop (resume $k (on $wait $on) (local.get $order) (call $take))))
        (unreachable))
      (return_call $waits))
    (call $over))

  (func $throw_e0 (param $number i64)
    (block $e (result i64 (ref $box))
      (block $on (result i64 (ref $k))
        (try_table (catch $e0 $e)
          (drop (resume_throw $k $e0 (on $wait $on)
            (local.get $number) (call $new_box (local.get $number)) (call $take))))
        (unreachable))
      (return_call $waits))
    (call $over))
  (func $throw_e1 (param $number i64)
    (block $e (result i64 (ref $box))
      (block $on (result i64 (ref $k))
        (try_table (catch $e1 $e)
          (drop (resume_throw $k $e1 (on $wait $on)
            (local.get $number) (call $new_box (local.get $number)) (call $take))))
        (unreachable))
      (return_call $waits))
    (call $over))
  (func $throw_e2 (param $number i64)
    (block $e (result i64 (ref $box))
      (block $on (result i64 (ref $k))
        (try_table (catch $e2 $e)
          (drop (resume_throw $k $e2 (on $wait $on)
            (local.get $number) (call $new_box (local.get $number)) (call $take))))
        (unreachable))
      (return_call $waits))
    (call $over))

  ;; An exception that somebody caught earlier; without one, the number.
  (func $throw_kept (param $number i64)
    (if (ref.is_null (global.get $kept))
      (then (return_call $resume (local.get $number))))
    (block $e (result i64 (ref $box))
      (block $on (result i64 (ref $k))
        (try_table (catch $e0 $e) (catch $e1 $e) (catch $e2 $e)
          (drop (resume_throw_ref $k (on $wait $on) (global.get $kept) (call $take))))
        (unreachable))
      (return_call $waits))
    (call $over))

  (func $end (result i64)
    (call $fold
      (global.get $total)
      (resume $k (i64.const 0x8000000000000000) (call $take))))
