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
