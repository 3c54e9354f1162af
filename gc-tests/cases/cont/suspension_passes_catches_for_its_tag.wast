;; A try_table handles exceptions, not suspensions, though the tag be the same.
(module
  (type $f (func (result i32))) (type $k (cont $f))
  (tag $e)
  (func $body (type $f)
    (block $caught
      (try_table (catch $e $caught) (catch_all $caught) (suspend $e))
      (return (i32.const 1)))
    (i32.const 2))
  (func $resumes (type $f)
    (block $caught
      (try_table (catch $e $caught) (catch_all $caught)
        (return (i32.add (i32.const 10) (resume $k (cont.new $k (ref.func $body)))))))
    (i32.const 20))
  (elem declare func $body $resumes)
  (func (export "run") (result i32)
    (local $k (ref null $k))
    (block $on_e (result (ref $k))
      (return (resume $k (on $e $on_e) (cont.new $k (ref.func $resumes)))))
    (local.set $k)
    (i32.add (i32.const 100) (resume $k (local.get $k)))))
(assert_return (invoke "run") (i32.const 111))
