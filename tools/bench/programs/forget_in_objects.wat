;; n continuations, each suspended once, put into an object and forgotten with it:
;; memory stays where it is. run(n) = 1 + 2 + ... + n
;; Objects hold continuations: --continuations-in-objects trace
(module
  (type $start (func (param i32)))
  (type $fresh (cont $start))
  (type $step (func))
  (type $suspended (cont $step))
  (type $box (struct (field $x i32) (field $k (mut (ref null $suspended)))))
  (tag $yield (param i32))
  (elem declare func $work)
  ;; The last one.
  (global $box (mut (ref null $box)) (ref.null $box))

  (func $work (param $x i32)
    (suspend $yield (local.get $x)))

  (func $one (param $x i32)
    (local $k (ref null $suspended))
    (block $yielded (result i32 (ref $suspended))
      (resume $fresh (on $yield $yielded) (local.get $x) (cont.new $fresh (ref.func $work)))
      (unreachable))
    (local.set $k)
    (local.set $x)
    (global.set $box (struct.new $box (local.get $x) (local.get $k))))

  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (loop $again
      (call $one (local.get $n))
      (local.set $sum
        (i64.add (local.get $sum)
          (i64.extend_i32_u (struct.get $box $x (global.get $box)))))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
