;; A continuation that catches what is thrown into it is a continuation like
;; before: it can suspend again and be thrown into again.
(module
  (type $f (func)) (type $k (cont $f))
  (tag $cancel)
  (tag $count (param i32))
  (func $stubborn (type $f)
    (local $n i32)
    (loop $again
      (block $caught
        (try_table (catch $cancel $caught) (suspend $count (local.get $n)))
        (return))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br $again)))
  (elem declare func $stubborn)
  (func (export "run") (result i32)
    (local $k (ref null $k)) (local $n i32)
    (local.set $k (cont.new $k (ref.func $stubborn)))
    (block $first (result i32 (ref $k))
      (resume $k (on $count $first) (local.get $k))
      (unreachable))
    (loop $counted (param i32 (ref $k))
      (local.set $k) (local.set $n)
      (if (i32.lt_u (local.get $n) (i32.const 10))
        (then (resume_throw $k $cancel (on $count $counted) (local.get $k)))))
    (resume $k (local.get $k))
    (local.get $n)))
(assert_return (invoke "run") (i32.const 10))
