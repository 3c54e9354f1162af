;; Ten thousand clones of one continuation, over collections: those that are kept are right,
;; those that are not are gone.
;; config: --continuation-clone
;; only: default, zeal_move, unoptimised
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "minor" (func $minor))
  (import "mangrove" "continuations" (func $continuations (result i64)))
  (type $f (func (result i32))) (type $k (cont $f))
  (type $back (func (param i32) (result i32))) (type $kb (cont $back))
  (import "mangrove" "clone_cont" (func $clone (param (ref null $kb)) (result (ref $kb))))
  (type $box (struct (field $value (mut i32))))
  (table $kept 10000 (ref null $kb))
  (tag $stop (result i32))
  (func $body (type $f) (local $box (ref $box))
    (local.set $box (struct.new $box (i32.const 0)))
    (i32.add (suspend $stop)
      (block (result i32)
        (struct.set $box $value (local.get $box)
          (i32.add (struct.get $box $value (local.get $box)) (i32.const 1)))
        (struct.get $box $value (local.get $box)))))
  (elem declare func $body)
  (func (export "run") (result i64 i64 i64) (local $k (ref $kb)) (local $i i32) (local $sum i64)
    (block $stopped (result (ref $kb))
      (resume $k (on $stop $stopped) (cont.new $k (ref.func $body)))
      (unreachable))
    (local.set $k)
    (loop $more
      (drop (call $clone (local.get $k)))
      (table.set $kept (local.get $i) (call $clone (local.get $k)))
      (br_if $more (i32.lt_s
        (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10000))))
    (call $minor)
    (call $gc)
    (call $continuations)
    (loop $all
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_s
        (resume $kb (local.get $i) (table.get $kept (local.get $i))))))
      (br_if $all (local.get $i)))
    (local.get $sum)
    (call $continuations)))
;; The first is gone with its last use. The sums of 0 to 9999 and of 1 to 10000.
(assert_return (invoke "run") (i64.const 10000) (i64.const 100000000) (i64.const 0))
