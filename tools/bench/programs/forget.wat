;; n continuations, each suspended once and then forgotten: garbage that holds a stack.
;; run(n) = 1 + 2 + ... + n
(module
  (type $start (func (param i32)))
  (type $fresh (cont $start))
  (type $step (func))
  (type $suspended (cont $step))
  (tag $yield (param i32))
  (elem declare func $work)

  (func $work (param $x i32)
    (suspend $yield (local.get $x)))

  (func $one (param $x i32) (result i32)
    (block $yielded (result i32 (ref $suspended))
      (resume $fresh (on $yield $yielded) (local.get $x) (cont.new $fresh (ref.func $work)))
      (unreachable))
    (drop))

  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (call $one (local.get $n)))))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
