;; catch_all around a resume catches what leaves it, whatever its tag, and
;; catch_all_ref hands it over to be thrown again.
(module
  (type $f (func)) (type $k (cont $f))
  (tag $a (param i32)) (tag $b (param i32))
  (func $throws (type $f) (throw $b (i32.const 6)))
  (func $throws_again (type $f)
    (block $caught (result exnref)
      (try_table (catch_all_ref $caught) (resume $k (cont.new $k (ref.func $throws))))
      (unreachable))
    (throw_ref))
  (elem declare func $throws $throws_again)
  (func (export "all") (result i32)
    (block $caught
      (try_table (catch_all $caught) (resume $k (cont.new $k (ref.func $throws))))
      (return (i32.const 0)))
    (i32.const 1))
  (func (export "again") (result i32)
    (block $caught (result i32)
      (try_table (catch $b $caught) (resume $k (cont.new $k (ref.func $throws_again))))
      (unreachable))))
(assert_return (invoke "all") (i32.const 1))
(assert_return (invoke "again") (i32.const 6))
