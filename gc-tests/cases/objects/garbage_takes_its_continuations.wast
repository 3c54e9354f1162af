;; Objects that nothing reaches let their continuations go, in the same collection and
;; whatever they hold on their own.
;; config: --continuations-in-objects trace
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
  (type $list (struct (field $k (mut (ref null $k))) (field $next (mut (ref null $list)))))
  (global $g (mut (ref null $list)) (ref.null $list))
  (func (export "grow") (param i32)
    (loop $more
      (global.set $g (struct.new $list (call $make (local.get 0)) (global.get $g)))
      (br_if $more (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  ;; Lets all but the first so many go.
  (func (export "cut") (param i32)
    (local $at (ref null $list))
    (local.set $at (global.get $g))
    (loop $more
      (if (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))
        (then (local.set $at (struct.get $list $next (local.get $at))) (br $more))))
    (struct.set $list $next (local.get $at) (ref.null $list)))
  (func (export "live") (result i64) (call $gc) (call $live)))
(invoke "grow" (i32.const 100))
(assert_return (invoke "live") (i64.const 100))
(invoke "cut" (i32.const 10))
(assert_return (invoke "live") (i64.const 10))
(invoke "cut" (i32.const 1))
(assert_return (invoke "live") (i64.const 1))
