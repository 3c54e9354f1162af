;; `suspended`: the objects frames hold, each made from its number and checked against it.
  (type $pair (struct (field $value i64) (field $other (ref $box))))
  (type $rest (func (param (ref null $box)) (result i64)))
  (type $suspended (cont $rest))
  (tag $pause (param (ref $box)) (result (ref null $box)))
  (table $parked 0 (ref null $suspended))

  (func $number (param $i i64) (param $rest i64) (result i64)
    (i64.or (i64.shl (local.get $i) (i64.const 12)) (local.get $rest)))

  (func $new_pair (param $number i64) (result (ref $pair))
    (struct.new $pair
      (call $value (local.get $number))
      (call $new_box (i64.xor (local.get $number) (i64.const -1)))))

  (func $check_pair (param $it anyref) (param $number i64) (result i64)
    (local $pair (ref null $pair))
    (local $is i64)
    (if (i32.eqz (ref.test (ref $pair) (local.get $it)))
      (then (call $fault (local.get $number) (i64.const -1)) (return (i64.const 0))))
    (local.set $pair (ref.cast (ref $pair) (local.get $it)))
    (local.set $is (struct.get $pair $value (local.get $pair)))
    (call $same (local.get $number) (local.get $is) (call $value (local.get $number)))
    (i64.add
      (local.get $is)
      (call $check_box
        (struct.get $pair $other (local.get $pair))
        (i64.xor (local.get $number) (i64.const -1)))))

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

  (func $new_i31 (param $number i64) (result (ref i31))
    (ref.i31 (i32.wrap_i64 (call $value (local.get $number)))))

  (func $check_i31 (param $it anyref) (param $number i64) (result i64)
    (local $is i64)
    (if (i32.eqz (ref.test (ref i31) (local.get $it)))
      (then (call $fault (local.get $number) (i64.const -1)) (return (i64.const 0))))
    (local.set $is
      (i64.extend_i32_u (i31.get_u (ref.cast (ref i31) (local.get $it)))))
    (call $same (local.get $number) (local.get $is)
      (i64.and (call $value (local.get $number)) (i64.const 0x7fffffff)))
    (local.get $is))

  (func $new_null (param $number i64) (result nullref)
    (ref.null none))

  (func $check_null (param $it anyref) (param $number i64) (result i64)
    (if (i32.eqz (ref.is_null (local.get $it)))
      (then (call $fault (local.get $number) (i64.const -5))))
    (i64.const 0))
