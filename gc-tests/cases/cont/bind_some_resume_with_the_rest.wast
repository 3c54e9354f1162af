;; What resume gives comes behind what was bound, whatever registers it travels
;; in.
(module
  (type $f (func (param v128 i32 f64 i32) (result i32 f64 i32 v128))) (type $k (cont $f))
  (type $g (func (param i32 f64 i32) (result i32 f64 i32 v128))) (type $kg (cont $g))
  (type $h (func (param i32) (result i32 f64 i32 v128))) (type $kh (cont $h))
  (func $turn (type $f) (local.get 1) (local.get 2) (local.get 3) (local.get 0))
  (elem declare func $turn)
  (func (export "one") (result i32 f64 i32 v128)
    (resume $kg (i32.const 1) (f64.const 2) (i32.const 3)
      (cont.bind $k $kg (v128.const i64x2 4 5) (cont.new $k (ref.func $turn)))))
  (func (export "three") (result i32 f64 i32 v128)
    (resume $kh (i32.const 3)
      (cont.bind $k $kh (v128.const i64x2 4 5) (i32.const 1) (f64.const 2)
        (cont.new $k (ref.func $turn))))))
(assert_return (invoke "one")
  (i32.const 1) (f64.const 2) (i32.const 3) (v128.const i64x2 4 5))
(assert_return (invoke "three")
  (i32.const 1) (f64.const 2) (i32.const 3) (v128.const i64x2 4 5))
