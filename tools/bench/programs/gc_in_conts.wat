;; k continuations, suspended with eight live references each on their stacks, while
;; 5,000,000 short-lived structs are allocated; then each is resumed and its objects read.
;; run(k) = garbage checksum + 0 + 1 + ... + (8k-1)
(module
  (type $box (struct (field $value i64) (field $next (ref null $box))))
  (type $start (func (param i32) (result i64)))
  (type $fresh (cont $start))
  (type $rest (func (result i64)))
  (type $suspended (cont $rest))
  (tag $pause)
  (table $parked 0 (ref null $suspended))
  (elem declare func $holder)

  (func $box (param $base i32) (param $offset i32) (result (ref $box))
    (struct.new $box
      (i64.extend_i32_u (i32.add (local.get $base) (local.get $offset)))
      (ref.null $box)))

  (func $value (param $box (ref $box)) (result i64)
    (struct.get $box $value (local.get $box)))

  ;; Eight references in locals across the suspension.
  (func $holder (param $i i32) (result i64)
    (local $base i32)
    (local $b0 (ref $box)) (local $b1 (ref $box)) (local $b2 (ref $box)) (local $b3 (ref $box))
    (local $b4 (ref $box)) (local $b5 (ref $box)) (local $b6 (ref $box)) (local $b7 (ref $box))
    (local.set $base (i32.shl (local.get $i) (i32.const 3)))
    (local.set $b0 (call $box (local.get $base) (i32.const 0)))
    (local.set $b1 (call $box (local.get $base) (i32.const 1)))
    (local.set $b2 (call $box (local.get $base) (i32.const 2)))
    (local.set $b3 (call $box (local.get $base) (i32.const 3)))
    (local.set $b4 (call $box (local.get $base) (i32.const 4)))
    (local.set $b5 (call $box (local.get $base) (i32.const 5)))
    (local.set $b6 (call $box (local.get $base) (i32.const 6)))
    (local.set $b7 (call $box (local.get $base) (i32.const 7)))
    (suspend $pause)
    (call $value (local.get $b0))
    (i64.add (call $value (local.get $b1)))
    (i64.add (call $value (local.get $b2)))
    (i64.add (call $value (local.get $b3)))
    (i64.add (call $value (local.get $b4)))
    (i64.add (call $value (local.get $b5)))
    (i64.add (call $value (local.get $b6)))
    (i64.add (call $value (local.get $b7))))

  ;; Runs a new holder until it suspends.
  (func $park (param $i i32) (result (ref $suspended))
    (block $paused (result (ref $suspended))
      (resume $fresh (on $pause $paused)
        (local.get $i)
        (cont.new $fresh (ref.func $holder)))
      (unreachable)))

  ;; The work of gc_alloc, with nothing but this frame alive.
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
    (local $sum i64)
    (local $i i32)
    (if (i32.lt_u (table.size $parked) (local.get $k))
      (then
        (drop
          (table.grow $parked
            (ref.null $suspended)
            (i32.sub (local.get $k) (table.size $parked))))))
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $i) (local.get $k)))
        (table.set $parked (local.get $i) (call $park (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $each)))
    (local.set $sum (call $garbage (i32.const 5000000)))
    (local.set $i (i32.const 0))
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $i) (local.get $k)))
        (local.set $sum
          (i64.add
            (local.get $sum)
            (resume $suspended (table.get $parked (local.get $i)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $each)))
    (local.get $sum)))
