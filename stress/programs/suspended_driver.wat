;; `suspended`: creating, parking and resuming the continuations, the outermost loops.
  ;; Runs continuation i until it first suspends; parks it; reads what it handed out.
  (func $begin (param $i i64) (result i64)
    (local $token (ref null $box))
    (local $rest (ref null $suspended))
    (block $paused (result (ref $box) (ref $suspended))
      local.get $i
    ;; ARGUMENTS
      (cont.new $start0 (ref.func $frame0))
      resume $start0 (on $pause $paused)
      (call $fault (call $number (local.get $i) (i64.const $TOKEN_OUT)) (i64.const -2))
      (return (i64.const 0)))
    (local.set $rest)
    (local.set $token)
    (table.set $parked (i32.wrap_i64 (local.get $i)) (local.get $rest))
    (global.set $live (i64.add (global.get $live) (global.get $chain)))
    (call $check_box (local.get $token)
      (call $number (local.get $i) (i64.const $TOKEN_OUT))))

  ;; Resumes continuation i with a token; parks it again or returns what it returned.
  (func $step (param $i i64) (param $phase i64) (result i64)
    (local $token (ref null $box))
    (local $rest (ref null $suspended))
    (block $paused (result (ref $box) (ref $suspended))
      (resume $suspended (on $pause $paused)
        (call $new_box
          (i64.add
            (call $number (local.get $i) (i64.const $TOKEN_IN))
            (i64.shl (local.get $phase) (i64.const 40))))
        (table.get $parked (i32.wrap_i64 (local.get $i))))
      (global.set $live (i64.sub (global.get $live) (global.get $chain)))
      (return))
    (local.set $rest)
    (local.set $token)
    (table.set $parked (i32.wrap_i64 (local.get $i)) (local.get $rest))
    (call $check_box (local.get $token)
      (i64.add
        (call $number (local.get $i) (i64.const $TOKEN_OUT))
        (i64.shl (i64.add (local.get $phase) (i64.const 1)) (i64.const 40)))))

  ;; Resumes each once, in strides; collects now and then.
  (func $step_all (param $n i32) (param $stride i32) (param $phase i32) (param $sum i64)
    (result i64)
    (local $i i32)
    (local $done i32)
    (loop $each
      (local.set $sum
        (call $fold
          (local.get $sum)
          (call $step
            (i64.extend_i32_u (local.get $i))
            (i64.extend_i32_u (local.get $phase)))))
      ;; With a reference that was lost, another collection might not come to an end.
      (if (i64.ne (global.get $faults) (i64.const 0))
        (then (return (local.get $sum))))
      (local.set $i (i32.rem_u (i32.add (local.get $i) (local.get $stride)) (local.get $n)))
      (local.set $done (i32.add (local.get $done) (i32.const 1)))
      (if (i32.eqz (i32.rem_u (local.get $done) (i32.add (i32.div_u (local.get $n) (i32.const 4)) (i32.const 1))))
        (then (call $gc)))
      (br_if $each (i32.lt_u (local.get $done) (local.get $n))))
    (local.get $sum))

  (func (export "run") (param $n i32) (param $target i32) (param $garbage i32) (param $stride i32)
    (result i64)
    (local $i i32)
    (local $phase i32)
    (local $sum i64)
    (local $before i64)
    (local $collected i64)
    (local.set $before (call $continuations))
    (local.set $collected (call $collections))
    (drop (table.grow $parked (ref.null $suspended) (local.get $n)))
    (loop $each
      (local.set $sum
        (call $fold (local.get $sum) (call $begin (i64.extend_i32_u (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $i) (local.get $n))))
    (call $count (local.get $before))
    (call $collect_until
      (i64.add (local.get $collected) (i64.extend_i32_u (local.get $target)))
      (local.get $garbage))
    (call $count (local.get $before))
    (loop $each
      (local.set $sum
        (call $step_all
          (local.get $n) (local.get $stride) (local.get $phase) (local.get $sum)))
      (if (i64.ne (global.get $faults) (i64.const 0))
        (then (return (local.get $sum))))
      (call $count (local.get $before))
      (local.set $phase (i32.add (local.get $phase) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $phase) (global.get $phases))))
    (local.get $sum))
