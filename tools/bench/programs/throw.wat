;; n exceptions, each with an i32, thrown one call below the `try_table` that catches it, or
;; as many more as `frames` says. The calls down to there are part of the time.
;; run(n) = 1 + 2 + ... + n
(module
  (tag $failed (param i32))

  (func $descend (param $frames i32) (param $value i32)
    (if (local.get $frames)
      (then
        (call $descend (i32.sub (local.get $frames) (i32.const 1)) (local.get $value)))
      (else
        (throw $failed (local.get $value)))))

  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (loop $again
      (block $caught (result i32)
        (try_table (catch $failed $caught)
          (call $descend (i32.const (;frames;) 0) (local.get $n)))
        (unreachable))
      (i64.extend_i32_u)
      (local.set $sum (i64.add (local.get $sum)))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
