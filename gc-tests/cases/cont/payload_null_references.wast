;; Null of every kind of reference goes out and comes back as null.
(module
  (type $f (func (result i32)))
  (type $k (cont $f))
  (type $all (func (param anyref externref funcref exnref contref (ref null $k))
    (result anyref externref funcref exnref contref (ref null $k))))
  (type $back (func (param anyref externref funcref exnref contref (ref null $k))
    (result i32)))
  (type $kback (cont $back))
  (tag $e (type $all))
  (func $body (result i32)
    (local $sum i32)
    (suspend $e (ref.null any) (ref.null extern) (ref.null func) (ref.null exn)
      (ref.null cont) (ref.null $k))
    (local.set $sum (ref.is_null))
    ref.is_null local.get $sum i32.add local.set $sum
    ref.is_null local.get $sum i32.add local.set $sum
    ref.is_null local.get $sum i32.add local.set $sum
    ref.is_null local.get $sum i32.add local.set $sum
    ref.is_null local.get $sum i32.add)
  (elem declare func $body)
  (func (export "run") (result i32)
    (block $h (result anyref externref funcref exnref contref (ref null $k) (ref $kback))
      (return (resume $k (on $e $h) (cont.new $k (ref.func $body)))))
    (resume $kback)))
(assert_return (invoke "run") (i32.const 6))
