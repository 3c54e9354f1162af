;; A function with more live values than registers switches in a loop: all are
;; there after each switch, objects where collections put them.
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field (mut i32))))
  (rec (type $f (func (param i32 (ref null $k)) (result i32))) (type $k (cont $f)))
  (tag $swap (result i32))
  (func $body (type $f)
    (local $a (ref $s)) (local $b (ref $s)) (local $c (ref $s)) (local $d (ref $s))
    (local $w i64) (local $x i64) (local $y f64) (local $z v128)
    (local.set $a (struct.new $s (local.get 0))) (local.set $b (struct.new $s
      (i32.const 2)))
    (local.set $c (struct.new $s (i32.const 3))) (local.set $d (struct.new $s
      (i32.const 4)))
    (local.set $w (i64.const 5)) (local.set $x (i64.const 6)) (local.set $y (f64.const 7))
    (local.set $z (v128.const i32x4 8 8 8 8))
    (loop $again
      (call $gc)
      (if (i32.eqz (local.get 0))
        (then (return
          (i32.add (i32.add (struct.get $s 0 (local.get $a)) (struct.get $s 0
            (local.get $b)))
            (i32.add (i32.add (struct.get $s 0 (local.get $c)) (struct.get $s 0
              (local.get $d)))
              (i32.add (i32.wrap_i64 (i64.add (local.get $w) (local.get $x)))
                (i32.add (i32.trunc_f64_u (local.get $y))
                  (i32x4.extract_lane 1 (local.get $z)))))))))
      (struct.set $s 0 (local.get $b) (i32.add (struct.get $s 0 (local.get $b))
        (i32.const 1000)))
      (switch $k $swap (i32.sub (local.get 0) (i32.const 1)) (local.get 1))
      (local.set 1) (local.set 0)
      (br $again))
    (unreachable))
  (elem declare func $body)
  (func (export "run") (result i32)
    (resume $k (on $swap switch) (i32.const 10) (cont.new $k (ref.func $body))
      (cont.new $k (ref.func $body)))))
;; The first one has switched five times: 10 + 5002 + 3 + 4 + 5 + 6 + 7 + 8.
(assert_return (invoke "run") (i32.const 5045))
