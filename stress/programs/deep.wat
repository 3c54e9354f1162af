  ;; `deep`: level 0 resumes level 1, which resumes level 2, …; the last one suspends to
  ;; `run`, past all of them. See src/suites/deep.rs.
  (type $body (func (param i64) (result i64)))
  (type $k (cont $body))
  (tag $up (param i64) (result i64))
  ;; Nobody suspends with this one; every third level handles it all the same.
  (tag $aside (param i64) (result i64))
  (tag $oops)
  (elem declare func $level)
  (global $depth (mut i64) (i64.const 0))

  ;; Hands out its sum, and takes the number of the lap, until that is negative.
  (func $innermost (param $n i64) (result i64)
    (local $sum i64) (local $lap i64) (local $box (ref $box))
    (local.set $box (call $new_box (local.get $n)))
    (block $done
      (loop $next
        (local.set $lap (suspend $up (local.get $sum)))
        (br_if $done (i64.lt_s (local.get $lap) (i64.const 0)))
        ;; While the whole chain runs.
        (if (i64.eqz (i64.and (local.get $lap) (i64.const 1)))
          (then (call $gc)))
        (local.set $sum
          (call $fold
            (call $fold (local.get $sum) (call $check_box (local.get $box) (local.get $n)))
            (local.get $lap)))
        (br $next)))
    (local.get $sum))

  ;; Through a frame more, and a `try_table` that catches nothing.
  (func $through (param $n i64) (result i64)
    (block $caught (result i64)
      (block $oops
        (br $caught
          (try_table (result i64) (catch $oops $oops)
            (resume $k (local.get $n) (cont.new $k (ref.func $level))))))
      (call $fault (local.get $n) (i64.const -2))
      (i64.const 0)))

  (func $aside (param $n i64) (result i64)
    (block $aside (result i64 (ref $k))
      (return
        (resume $k (on $aside $aside) (local.get $n) (cont.new $k (ref.func $level)))))
    (drop)
    (call $fault (local.get $n) (i64.const -3)))

  (func $level (type $body) (param $n i64) (result i64)
    (local $box (ref $box)) (local $sum i64) (local $next i64)
    (local.set $box (call $new_box (local.get $n)))
    (local.set $next (i64.add (local.get $n) (i64.const 1)))
    ;; A box on the operand stack only.
    (call $new_box (i64.or (local.get $n) (i64.const 0x100000000)))
    (if (i64.eq (local.get $n) (global.get $depth))
      (then (local.set $sum (call $innermost (local.get $n))))
      (else
        (if (i64.eqz (i64.rem_u (local.get $n) (i64.const 3)))
          (then (local.set $sum (call $through (local.get $next))))
          (else
            (if (i64.eq (i64.rem_u (local.get $n) (i64.const 3)) (i64.const 1))
              (then (local.set $sum (call $aside (local.get $next))))
              (else
                (local.set $sum
                  (resume $k (local.get $next) (cont.new $k (ref.func $level))))))))))
    (call $check_box (i64.or (local.get $n) (i64.const 0x100000000)))
    (local.set $next)
    (call $fold
      (call $fold (local.get $sum) (local.get $next))
      (call $check_box (local.get $box) (local.get $n))))

  ;; A clone of the whole chain takes the lap first: what it hands out. It is forgotten then.
  (func $cloned (param $k (ref null $k)) (param $lap i64) (result i64)
    (block $up (result i64 (ref $k))
      (drop (resume $k (on $up $up) (local.get $lap) (call $clone (local.get $k))))
      (unreachable))
    (drop))

  (func (export "run") (param $depth i32) (param $laps i32) (result i64)
    (local $before i64) (local $k (ref null $k)) (local $lap i64) (local $sum i64) (local $handed i64) (local $cloned i64)
    (local.set $before (call $continuations))
    (global.set $depth (i64.extend_i32_u (local.get $depth)))
    (global.set $live (i64.add (global.get $depth) (i64.const 1)))
    (block $up (result i64 (ref $k))
      (drop (resume $k (on $up $up) (i64.const 0) (cont.new $k (ref.func $level))))
      (unreachable))
    (local.set $k)
    (local.set $handed) (local.set $sum (call $fold (local.get $sum) (local.get $handed)))
    (loop $next
      (call $litter (i32.const 50))
      ;; While the whole chain sleeps.
      (if (i64.ne (i64.and (local.get $lap) (i64.const 1)) (i64.const 0))
        (then
          (call $gc)
          (call $count (local.get $before))
          (local.set $cloned (call $cloned (local.get $k) (local.get $lap)))))
      (block $up (result i64 (ref $k))
        (drop (resume $k (on $up $up) (local.get $lap) (local.get $k)))
        (unreachable))
      (local.set $k)
      (local.set $handed) (local.set $sum (call $fold (local.get $sum) (local.get $handed)))
      (if (i64.ne (i64.and (local.get $lap) (i64.const 1)) (i64.const 0))
        (then (call $same (i64.const -4) (local.get $cloned) (local.get $handed))))
      (local.set $lap (i64.add (local.get $lap) (i64.const 1)))
      (br_if $next (i64.lt_u (local.get $lap) (i64.extend_i32_u (local.get $laps)))))
    ;; A clone ends first, level by level: all of them are still there for the other one.
    (local.set $cloned (resume $k (i64.const -1) (call $clone (local.get $k))))
    (local.set $handed (resume $k (i64.const -1) (local.get $k)))
    (call $same (i64.const -5) (local.get $cloned) (local.get $handed))
    (call $fold (local.get $sum) (local.get $handed)))
