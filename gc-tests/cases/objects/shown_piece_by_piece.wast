;; An array of a thousand continuations, a few of which are shown at a time, all live.
;; config: --continuations-in-objects trace
;; only: default, unoptimised, in_frames, corner
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $f (func (result i32)))
  (type $k (cont $f))
  (type $start (func (param i32) (result i32)))
  (type $ks (cont $start))
  (tag $yield (param i32))
  ;; Yields n, and n + 1, and returns n + 2.
  (func $count (type $start)
    (suspend $yield (local.get 0))
    (suspend $yield (i32.add (local.get 0) (i32.const 1)))
    (i32.add (local.get 0) (i32.const 2)))
  (elem declare func $count)
  ;; A continuation suspended at n.
  (func $make (param $n i32) (result (ref $k))
    (local $made (ref null $k))
    (block $got (result i32 (ref $k))
      (resume $ks (on $yield $got) (local.get $n) (cont.new $ks (ref.func $count)))
      (unreachable))
    (local.set $made)
    (drop)
    (ref.as_non_null (local.get $made)))
  ;; What the next step gives, and what is left.
  (func $step (param $k (ref null $k)) (result i32 (ref null $k))
    (block $got (result i32 (ref $k))
      (resume $k (on $yield $got) (local.get $k))
      (ref.null $k)
      (return))
    (return))
  (type $a (array (mut (ref null $k))))
  (global $g (mut (ref null $a)) (ref.null $a))
  (func (export "run") (param $n i32) (result i32 i64)
    (local $i i32) (local $sum i32)
    (global.set $g (array.new_default $a (local.get $n)))
    (loop $more
      (array.set $a (global.get $g) (local.get $i) (call $make (local.get $i)))
      (br_if $more (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (call $gc)
    (call $gc)
    (loop $back
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (call $step (array.get $a (global.get $g) (local.get $i))) (drop)
      (local.set $sum (i32.add (local.get $sum)))
      (br_if $back (local.get $i)))
    (global.set $g (ref.null $a))
    (call $gc)
    (local.get $sum)
    (call $live)))
(assert_return (invoke "run" (i32.const 1000)) (i32.const 500500) (i64.const 0))
