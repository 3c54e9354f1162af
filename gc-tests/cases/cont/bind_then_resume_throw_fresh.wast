;; resume_throw of a fresh continuation with bound objects: it ends at once,
;; and so do they; the record's next life starts without arguments.
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $s (struct (field i32)))
  (type $f (func (param (ref $s) i32) (result i32))) (type $k (cont $f))
  (type $f1 (func (param i32) (result i32))) (type $k1 (cont $f1))
  (tag $cancel (param i32))
  (func $never (type $f) (unreachable))
  (func $same (type $f1) (local.get 0))
  (elem declare func $never $same)
  (func (export "run") (result i32 i64 i32)
    (block $caught (result i32)
      (try_table (catch $cancel $caught)
        (drop (resume_throw $k1 $cancel (i32.const 3)
          (cont.bind $k $k1 (struct.new $s (i32.const 9)) (cont.new $k
            (ref.func $never))))))
      (unreachable))
    (call $live)
    (call $gc)
    (resume $k1 (i32.const 5) (cont.new $k1 (ref.func $same)))))
(assert_return (invoke "run") (i32.const 3) (i64.const 0) (i32.const 5))
