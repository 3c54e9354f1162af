;; resume_throw has clauses too: the continuation catches what is thrown into
;; it and suspends to them.
(module
  (type $f (func (result i32)))
  (type $k (cont $f))
  (tag $pause) (tag $cancel)
  (tag $swap (result i32))
  (tag $yield (param i32))
  (func $body (result i32)
    (block $caught
      (try_table (catch $cancel $caught) (suspend $pause))
      (unreachable))
    (suspend $yield (i32.const 8))
    (i32.const 9))
  (elem declare func $body)
  (func (export "run") (result i32 i32)
    (local $k (ref null $k)) (local $got i32)
    (block $paused (result (ref $k))
      (return (i32.const -1) (resume $k (on $pause $paused) (cont.new $k
        (ref.func $body)))))
    (local.set $k)
    (block $yielded (result i32 (ref $k))
      (return (i32.const -2)
        (resume_throw $k $cancel (on $swap switch) (on $yield $yielded) (local.get $k))))
    (local.set $k)
    (resume $k (local.get $k))))
(assert_return (invoke "run") (i32.const 8) (i32.const 9))
