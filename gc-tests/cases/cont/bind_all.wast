;; A continuation with all arguments bound is resumed with none.
(module
  (type $f (func (param i32 i64 f32 f64) (result f64)))
  (type $k (cont $f))
  (type $f0 (func (result f64)))
  (type $k0 (cont $f0))
  (func $sum (param i32 i64 f32 f64) (result f64)
    (f64.add
      (f64.add (f64.convert_i32_s (local.get 0)) (f64.convert_i64_s (local.get 1)))
      (f64.add (f64.promote_f32 (local.get 2)) (local.get 3))))
  (elem declare func $sum)
  (func (export "run") (result f64)
    (resume $k0 (cont.bind $k $k0 (i32.const 1) (i64.const 20) (f32.const 300)
      (f64.const 0.5)
      (cont.new $k (ref.func $sum))))))
(assert_return (invoke "run") (f64.const 321.5))
