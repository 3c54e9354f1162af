;; 50,000,000 short-lived structs while k continuations sleep, two frames and an object in
;; each. The first call makes the continuations, so that a later one measures the structs.
;; run(k) = 50,000,000 + 49,999,999 + ... + 1
(module
  (type $box (struct (field $value i64) (field $next (ref null $box))))
  (type $start (func (param i32) (result i64)))
  (type $fresh (cont $start))
  (type $rest (func (result i64)))
  (type $suspended (cont $rest))
  (tag $pause)
  (table $parked 0 (ref null $suspended))
  (elem declare func $outer)

  (func $box (param $x i32) (result (ref $box))
    (struct.new $box (i64.extend_i32_u (local.get $x)) (ref.null $box)))

  (func $inner (param $x i32) (result i64)
    (local $own (ref $box))
    (local.set $own (call $box (local.get $x)))
    (suspend $pause)
    (struct.get $box $value (local.get $own)))

  (func $outer (param $x i32) (result i64)
    (local $own (ref $box))
    (local.set $own (call $box (local.get $x)))
    (i64.add (call $inner (local.get $x)) (struct.get $box $value (local.get $own))))

  ;; Runs a new continuation until it suspends.
  (func $park (param $x i32) (result (ref $suspended))
    (block $paused (result (ref $suspended))
      (resume $fresh (on $pause $paused)
        (local.get $x)
        (cont.new $fresh (ref.func $outer)))
      (unreachable)))

  ;; The work of gc_alloc.
  (func $garbage (param $n i32) (result i64)
    (local $sum i64)
    (local $list (ref null $box))
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $n)))
        (if (i32.eqz (i32.and (local.get $n) (i32.const 63)))
          (then (local.set $list (ref.null $box))))
        (local.set $list
          (struct.new $box (i64.extend_i32_u (local.get $n)) (local.get $list)))
        (local.set $sum
          (i64.add (local.get $sum) (struct.get $box $value (local.get $list))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $again)))
    (local.get $sum))

  (func (export "run") (param $k i32) (result i64)
    (local $i i32)
    (local.set $i (table.size $parked))
    (if (i32.lt_u (local.get $i) (local.get $k))
      (then
        (drop
          (table.grow $parked
            (ref.null $suspended)
            (i32.sub (local.get $k) (local.get $i))))
        (loop $each
          (table.set $parked (local.get $i) (call $park (local.get $i)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $each (i32.lt_u (local.get $i) (local.get $k))))))
    (call $garbage (i32.const 50000000))))
