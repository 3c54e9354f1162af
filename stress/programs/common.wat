;; Fields that every program's module begins with: imports, faults, boxes, garbage.
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "collections" (func $collections (result i64)))
  (import "mangrove" "continuations" (func $continuations (result i64)))

  (type $box (struct (field $value i64)))
  (type $longs (array (mut i64)))
  (type $junk (struct (field i64) (field (ref null $junk))))

  ;; Makes the contents of objects differ between programs.
  (global $salt i64 (i64.const SALT))
  (global $faults (export "faults") (mut i64) (i64.const 0))
  (global $where (export "where") (mut i64) (i64.const 0))
  (global $found (export "found") (mut i64) (i64.const 0))
  ;; How many continuations the program holds on to.
  (global $live (export "live") (mut i64) (i64.const 0))
  ;; How often garbage is made, at the most, to bring about one collection.
  (global $patience i32 (i32.const 100000))

  ;; Something was wrong; the first such place is remembered.
  (func $fault (param $number i64) (param $is i64)
    (if (i64.eqz (global.get $faults))
      (then
        (global.set $where (local.get $number))
        (global.set $found (local.get $is))))
    (global.set $faults (i64.add (global.get $faults) (i64.const 1))))

  (func $value (param $number i64) (result i64)
    (local.set $number
      (i64.xor
        (i64.mul
          (i64.add (local.get $number) (i64.const 1))
          (i64.const -7046029254386353131))
        (global.get $salt)))
    (i64.xor
      (local.get $number)
      (i64.shr_u (local.get $number) (i64.const 29))))

  (func $fold (param $sum i64) (param $value i64) (result i64)
    (i64.add (i64.mul (local.get $sum) (i64.const 1099511628211)) (local.get $value)))

  ;; Compares what was read with what the number stands for.
  (func $same (param $number i64) (param $is i64) (param $expected i64)
    (if (i64.ne (local.get $is) (local.get $expected))
      (then (call $fault (local.get $number) (local.get $is)))))

  (func $new_box (param $number i64) (result (ref $box))
    (struct.new $box (call $value (local.get $number))))

  (func $check_box (param $it anyref) (param $number i64) (result i64)
    (local $is i64)
    (if (i32.eqz (ref.test (ref $box) (local.get $it)))
      (then (call $fault (local.get $number) (i64.const -1)) (return (i64.const 0))))
    (local.set $is (struct.get $box $value (ref.cast (ref $box) (local.get $it))))
    (call $same (local.get $number) (local.get $is) (call $value (local.get $number)))
    (local.get $is))

  (func $elements (param $number i64) (result i32)
    (i32.add
      (i32.wrap_i64 (i64.and (local.get $number) (i64.const 7)))
      (i32.const 1)))

  (func $new_longs (param $number i64) (result (ref $longs))
    (local $longs (ref $longs))
    (local $at i32)
    (local.set $longs (array.new_default $longs (call $elements (local.get $number))))
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $at) (array.len (local.get $longs))))
        (array.set $longs (local.get $longs) (local.get $at)
          (i64.add (call $value (local.get $number)) (i64.extend_i32_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $each)))
    (local.get $longs))

  (func $check_longs (param $it anyref) (param $number i64) (result i64)
    (local $longs (ref null $longs))
    (local $at i32)
    (local $is i64)
    (local $sum i64)
    (if (i32.eqz (ref.test (ref $longs) (local.get $it)))
      (then (call $fault (local.get $number) (i64.const -1)) (return (i64.const 0))))
    (local.set $longs (ref.cast (ref $longs) (local.get $it)))
    (if (i32.ne (array.len (local.get $longs)) (call $elements (local.get $number)))
      (then (call $fault (local.get $number) (i64.const -4)) (return (i64.const 0))))
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $at) (array.len (local.get $longs))))
        (local.set $is (array.get $longs (local.get $longs) (local.get $at)))
        (call $same (local.get $number) (local.get $is)
          (i64.add (call $value (local.get $number)) (i64.extend_i32_u (local.get $at))))
        (local.set $sum (i64.add (local.get $sum) (local.get $is)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $each)))
    (local.get $sum))

  ;; n short-lived objects; at most 64 of them alive. Their contents are no object's value.
  (func $litter (param $n i32)
    (local $list (ref null $junk))
    (block $done
      (loop $each
        (br_if $done (i32.eqz (local.get $n)))
        (if (i32.eqz (i32.and (local.get $n) (i32.const 63)))
          (then
            (local.set $list (ref.null $junk))
            (drop (array.new $longs (i64.const -6) (i32.const 5)))))
        (local.set $list
          (struct.new $junk (i64.extend_i32_u (local.get $n)) (local.get $list)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $each))))

  ;; Litters until `target` collections have happened: every eighth comes of
  ;; allocation alone, the others are asked for.
  (func $collect_until (param $target i64) (param $garbage i32)
    (local $before i64)
    (local $round i32)
    (local $tries i32)
    (block $done
      (loop $each
        (local.set $before (call $collections))
        (br_if $done (i64.ge_u (local.get $before) (local.get $target)))
        (local.set $tries (i32.const 0))
        (loop $again
          (call $litter (local.get $garbage))
          (local.set $tries (i32.add (local.get $tries) (i32.const 1)))
          (br_if $again
            (i32.and
              (i32.eqz (i32.and (local.get $round) (i32.const 7)))
              (i32.and
                (i64.eq (call $collections) (local.get $before))
                (i32.lt_u (local.get $tries) (global.get $patience))))))
        (if (i64.eq (call $collections) (local.get $before))
          (then (call $gc)))
        (local.set $round (i32.add (local.get $round) (i32.const 1)))
        (br $each))))

  ;; As many continuations must be alive as the program holds on to.
  (func $count (param $before i64)
    (local $is i64)
    (local.set $is (i64.sub (call $continuations) (local.get $before)))
    (call $same (i64.const 0x8000000000000000) (local.get $is) (global.get $live)))
