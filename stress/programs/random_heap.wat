;; `random`: what statements on objects of every kind build on.
  (rec
    (type $sig (sub (func (param i64) (result anyref))))
    (type $narrow (sub final $sig (func (param i64) (result (ref i31))))))
  (type $other (func))
  ;; An object that was there before the program ran, for segments to refer to.
  (global $root (ref $base)
    (struct.new $base (i32.const 7) (i32.const 8) (i32.const 9) FIRST))
  (elem $e0 anyref
    (item (ref.i31 (i32.const 11)))
    (item (ref.null none))
    (item (global.get $root))
    (item (ref.i31 (i32.const -3)))
    (item (global.get $root))
    (item (ref.null none)))
  (elem $e1 externref
    (item (extern.convert_any (ref.i31 (i32.const 12))))
    (item (extern.convert_any (global.get $root)))
    (item (ref.null noextern))
    (item (extern.convert_any (global.get $root))))
  (elem $e2 funcref
    (item (ref.func $leaf0))
    (item (ref.func $leaf1))
    (item (ref.null nofunc))
    (item (ref.func $leaf2))
    (item (ref.func $leaf4)))
  (elem declare func $leaf3 $gc)

  ;; Functions that programs have references to: two that make an i31, one of them with a
  ;; type that says so; one that makes an object; one that collects; one of another type.
  ;; The last one is the import that collects.
  (func $leaf0 (type $sig)
    (ref.i31 (i32.wrap_i64 (local.get 0))))
  (func $leaf1 (type $narrow)
    (ref.i31 (i32.xor (i32.wrap_i64 (local.get 0)) (i32.const 1))))
  (func $leaf2 (type $sig)
    COUNT
    (struct.new $base (i32.wrap_i64 (local.get 0)) (i32.const 5) (i32.const 6) NUMBER))
  (func $leaf3 (type $sig)
    (call $gc)
    (ref.null none))
  (func $leaf4 (type $other))

  ;; Gives a struct its number, where objects have numbers.
  (func $tag (param $it anyref)
    TAG)

  (func $least (param $one i32) (param $other i32) (result i32)
    (select (local.get $one) (local.get $other)
      (i32.lt_u (local.get $one) (local.get $other))))

  ;; A number from 0 to `most`.
  (func $among (param $by i64) (param $most i32) (result i32)
    (i32.wrap_i64
      (i64.rem_u (local.get $by)
        (i64.add (i64.extend_i32_u (local.get $most)) (i64.const 1)))))

  (func $len (param $it anyref) (result i32)
    (array.len (ref.cast (ref array) (local.get $it))))

  ;; An index into an array; -1 if it is empty.
  (func $at (param $it anyref) (param $by i64) (result i32)
    (local $len i32)
    (local.set $len (call $len (local.get $it)))
    (if (i32.eqz (local.get $len)) (then (return (i32.const -1))))
    (call $among (local.get $by) (i32.sub (local.get $len) (i32.const 1))))

  ;; Where a range of an array begins: its end is possible.
  (func $place (param $it anyref) (param $by i64) (result i32)
    (call $among (local.get $by) (call $len (local.get $it))))

  ;; How many elements there are from a place on.
  (func $left (param $it anyref) (param $at i32) (result i32)
    (i32.sub (call $len (local.get $it)) (local.get $at)))

  ;; How many elements a range has that begins at a place: `most` at the most.
  (func $span (param $it anyref) (param $at i32) (param $by i64) (param $most i32) (result i32)
    (call $among (local.get $by)
      (call $least (call $left (local.get $it) (local.get $at)) (local.get $most))))

  ;; What a function is known by: its type.
  (func $digest_func (param $it funcref) (result i64)
    (if (ref.is_null (local.get $it)) (then (return (i64.const NULL_DIGEST))))
    (if (ref.test (ref $narrow) (local.get $it)) (then (return (i64.const 2))))
    (if (ref.test (ref $sig) (local.get $it)) (then (return (i64.const 1))))
    (i64.const 3))
