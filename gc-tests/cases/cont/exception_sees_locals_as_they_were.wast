;; Where an exception lands, locals have the values they had at the resume it
;; left, of several in one try_table, references included.
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func (param i32))) (type $k (cont $f))
  (tag $oops)
  (func $throws_if (type $f) (if (local.get 0) (then (throw $oops))))
  (elem declare func $throws_if)
  (func $resume (param i32) (resume $k (local.get 0) (cont.new $k (ref.func $throws_if))))
  (func (export "run") (param $at i32) (result i32)
    (local $n i32) (local $s (ref null $s))
    (block $caught
      (try_table (catch $oops $caught)
        (local.set $n (i32.const 1)) (local.set $s (struct.new $s (i32.const 10)))
        (resume $k (i32.eq (local.get $at) (i32.const 1)) (cont.new $k
          (ref.func $throws_if)))
        (call $gc)
        (local.set $n (i32.const 2)) (local.set $s (struct.new $s (i32.const 20)))
        (resume $k (i32.eq (local.get $at) (i32.const 2)) (cont.new $k
          (ref.func $throws_if)))
        (local.set $s (struct.new $s (i32.const 30)))
        (call $resume (i32.eq (local.get $at) (i32.const 3)))
        (local.set $n (i32.const 4))))
    (call $gc)
    (i32.add (local.get $n) (struct.get $s 0 (local.get $s)))))
(assert_return (invoke "run" (i32.const 1)) (i32.const 11))
(assert_return (invoke "run" (i32.const 2)) (i32.const 22))
(assert_return (invoke "run" (i32.const 3)) (i32.const 32))
(assert_return (invoke "run" (i32.const 4)) (i32.const 34))
