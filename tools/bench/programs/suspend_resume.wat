;; One generator; n suspend/resume pairs, an i32 handed out each time.
;; run(n) = n + (n-1) + ... + 1
(module
  (type $start (func (param i32)))
  (type $fresh (cont $start))
  (type $step (func))
  (type $suspended (cont $step))
  (tag $yield (param i32))
  (elem declare func $countdown)

  (func $countdown (param $n i32)
    (loop $again
      (if (local.get $n)
        (then
          (suspend $yield (local.get $n))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $again)))))

  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (local $value i32)
    (local $next (ref null $suspended))
    (block $first (result i32 (ref $suspended))
      (resume $fresh (on $yield $first)
        (local.get $n)
        (cont.new $fresh (ref.func $countdown)))
      (return (i64.const 0)))
    (local.set $next)
    (local.set $value)
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $value))))
      (block $more (result i32 (ref $suspended))
        (resume $suspended (on $yield $more) (local.get $next))
        (return (local.get $sum)))
      (local.set $next)
      (local.set $value)
      (br $again))
    (unreachable)))
