;; Each of a thousand objects is told dead exactly once, when it is, and those that live are not.
;; By then its weak reference is null.
;; config: --weak-references
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "minor" (func $minor))
  (import "mangrove" "weak_new" (func $weak (param anyref) (result externref)))
  (import "mangrove" "weak_get" (func $get (param externref) (result anyref)))
  (import "mangrove" "watch" (func $watch (param anyref i32)))
  (import "mangrove" "next_dead" (func $next (result i32)))
  (type $s (struct (field (mut i32)) (field (mut (ref null $s)))))
  (func $make (param i32) (result (ref $s))
    (struct.new $s (local.get 0) (ref.null $s)))
  (table $kept 1000 (ref null $s))
  (table $weak 1000 externref)
  (func (export "make")
    (local $i i32) (local $s (ref $s))
    (loop $next
      (local.set $s (call $make (local.get $i)))
      (table.set $kept (local.get $i) (local.get $s))
      (table.set $weak (local.get $i) (call $weak (local.get $s)))
      (call $watch (local.get $s) (local.get $i))
      (br_if $next (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000)))))
  ;; Forgets every nth.
  (func (export "forget") (param $n i32)
    (local $i i32)
    (loop $next
      (table.set $kept (local.get $i) (ref.null $s))
      (br_if $next (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (local.get $n))) (i32.const 1000))))
    (call $gc))
  ;; How many are told, and how many of those are wrong.
  (func (export "told") (result i32 i32)
    (local $n i32) (local $count i32) (local $wrong i32)
    (block $done
      (loop $more
        (br_if $done (i32.lt_s (local.tee $n (call $next)) (i32.const 0)))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (local.set $wrong (i32.add (local.get $wrong) (i32.eqz (i32.and
          (ref.is_null (table.get $kept (local.get $n)))
          (ref.is_null (call $get (table.get $weak (local.get $n))))))))
        (br $more)))
    (local.get $count) (local.get $wrong))
  ;; How many live, by their weak references.
  (func (export "living") (result i32)
    (local $i i32) (local $count i32)
    (loop $next
      (local.set $count (i32.add (local.get $count) (i32.eqz
        (ref.is_null (call $get (table.get $weak (local.get $i)))))))
      (br_if $next (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
    (local.get $count)))
(invoke "make")
(assert_return (invoke "told") (i32.const 0) (i32.const 0))
(assert_return (invoke "living") (i32.const 1000))
(invoke "forget" (i32.const 3))
(assert_return (invoke "told") (i32.const 334) (i32.const 0))
(assert_return (invoke "living") (i32.const 666))
(invoke "forget" (i32.const 3))
(assert_return (invoke "told") (i32.const 0) (i32.const 0))
(invoke "forget" (i32.const 1))
(assert_return (invoke "told") (i32.const 666) (i32.const 0))
(assert_return (invoke "living") (i32.const 0))
