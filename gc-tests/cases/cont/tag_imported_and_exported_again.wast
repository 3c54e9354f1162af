;; A tag is the same through any number of imports and exports: what suspends
;; with it here is handled there.
(module
  (tag $e (export "e") (param i32) (result i32))
  (func (export "ask") (param i32) (result i32) (suspend $e (local.get 0))))
(register "first")
(module (tag (export "again") (import "first" "e") (param i32) (result i32)))
(register "second")
(module
  (tag $e (import "second" "again") (param i32) (result i32))
  (func $ask (import "first" "ask") (param i32) (result i32))
  (type $f (func (param i32) (result i32))) (type $k (cont $f))
  (elem declare func $ask)
  (func (export "run") (result i32)
    (local $k (ref null $k)) (local $n i32)
    (block $on_e (result i32 (ref $k))
      (return (resume $k (on $e $on_e) (i32.const 6) (cont.new $k (ref.func $ask)))))
    (local.set $k) (local.set $n)
    (resume $k (i32.mul (local.get $n) (i32.const 7)) (local.get $k))))
(assert_return (invoke "run") (i32.const 42))
