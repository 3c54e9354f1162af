;; A collection in a continuation: its own frames, its parents' and the initial
;; ones are all followed.
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func (param (ref $s)) (result i32))) (type $k (cont $f))
  (func $get (param (ref null $s)) (result i32) (struct.get $s 0 (local.get 0)))
  (func $inner (type $f)
    (local $own (ref $s))
    (local.set $own (struct.new $s (i32.const 1)))
    (call $gc)
    (i32.add (call $get (local.get $own)) (call $get (local.get 0))))
  (func $outer (type $f)
    (local $own (ref $s))
    (local.set $own (struct.new $s (i32.const 20)))
    (i32.add
      (resume $k (struct.new $s (i32.const 300)) (cont.new $k (ref.func $inner)))
      (i32.add (call $get (local.get $own)) (call $get (local.get 0)))))
  (elem declare func $inner $outer)
  (func (export "run") (result i32)
    (local $own (ref $s))
    (local.set $own (struct.new $s (i32.const 4000)))
    (i32.add
      (resume $k (struct.new $s (i32.const 50000)) (cont.new $k (ref.func $outer)))
      (call $get (local.get $own)))))
(assert_return (invoke "run") (i32.const 54321))
