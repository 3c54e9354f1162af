;; n times a continuation is stored into a field of an object, and one is loaded from
;; another: run(n) = n, the number of loads that gave one.
;; Objects hold continuations: --continuations-in-objects trace
(module
  (type $f (func))
  (type $k (cont $f))
  (type $box (struct (field $k (mut (ref null $k)))))
  (elem declare func $nothing)
  (func $nothing)

  (func (export "stores") (param $n i32) (result i64)
    (local $box (ref $box)) (local $k (ref $k)) (local $left i32)
    (local.set $box (struct.new_default $box))
    (local.set $k (cont.new $k (ref.func $nothing)))
    (local.set $left (local.get $n))
    (loop $again
      (struct.set $box $k (local.get $box) (local.get $k))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i64.extend_i32_u (local.get $n)))

  (func (export "run") (param $n i32) (result i64)
    (local $from (ref $box)) (local $to (ref $box)) (local $swap (ref $box)) (local $sum i64)
    (local.set $from (struct.new $box (cont.new $k (ref.func $nothing))))
    (local.set $to (struct.new_default $box))
    (loop $again
      (struct.set $box $k (local.get $to) (struct.get $box $k (local.get $from)))
      (local.set $sum
        (i64.add
          (local.get $sum)
          (i64.extend_i32_u
            (i32.eqz (ref.is_null (struct.get $box $k (local.get $to)))))))
      (local.set $swap (local.get $from))
      (local.set $from (local.get $to))
      (local.set $to (local.get $swap))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
