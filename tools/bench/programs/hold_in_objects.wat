;; n continuations, all of them suspended at once and held by a list of objects alone,
;; then resumed to their ends. run(n) = 1 + 2 + ... + n
;; `ring`: the same in a ring, in which each continuation's frame holds the object before
;; it; let go, and reclaimed by one collection. ring(n) = n, how many lived before it, and
;; -1 - those that live after it if there are any.
;; Objects hold continuations: --continuations-in-objects trace
(module
  (import "mangrove" "gc" (func $gc))
  (import "mangrove" "continuations" (func $live (result i64)))
  (type $rest (func (result i32)))
  (type $suspended (cont $rest))
  (type $node
    (struct (field $k (mut (ref null $suspended))) (field $next (mut (ref null $node)))))
  (type $start (func (param i32 (ref null $node)) (result i32)))
  (type $fresh (cont $start))
  (tag $pause)
  (elem declare func $work)
  (global $first (mut (ref null $node)) (ref.null $node))

  (func $work (param $x i32) (param $node (ref null $node)) (result i32)
    (suspend $pause)
    (if (i32.eqz (ref.is_null (local.get $node)))
      (then (drop (struct.get $node $next (local.get $node)))))
    (i32.add (local.get $x) (i32.const 1)))

  (func $start (param $x i32) (param $node (ref null $node)) (result (ref $suspended))
    (block $paused (result (ref $suspended))
      (resume $fresh (on $pause $paused)
        (local.get $x) (local.get $node) (cont.new $fresh (ref.func $work)))
      (unreachable)))

  (func (export "run") (param $n i32) (result i64)
    (local $sum i64) (local $node (ref null $node))
    (loop $make
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (local.set $node
        (struct.new $node
          (call $start (local.get $n) (ref.null $node)) (local.get $node)))
      (br_if $make (local.get $n)))
    (call $gc)
    (loop $finish
      (local.set $sum
        (i64.add
          (local.get $sum)
          (i64.extend_i32_u
            (resume $suspended (struct.get $node $k (local.get $node))))))
      (local.set $node (struct.get $node $next (local.get $node)))
      (br_if $finish (i32.eqz (ref.is_null (local.get $node)))))
    (local.get $sum))

  (func $ring (param $n i32)
    (local $node (ref null $node)) (local $last (ref null $node))
    (local.set $last (struct.new_default $node))
    (local.set $node (local.get $last))
    (loop $make
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (local.set $node
        (struct.new $node
          (call $start (local.get $n) (local.get $node)) (ref.null $node)))
      (br_if $make (local.get $n)))
    ;; The last, which is nobody's yet but the first continuation's, holds the first.
    (struct.set $node $next (local.get $last) (local.get $node))
    (global.set $first (local.get $node)))

  (func (export "ring") (param $n i32) (result i64)
    (local $lived i64)
    (call $ring (local.get $n))
    (call $gc)
    (local.set $lived (call $live))
    (global.set $first (ref.null $node))
    (call $gc)
    (if (i64.ne (call $live) (i64.const 0))
      (then (return (i64.sub (i64.const -1) (call $live)))))
    (local.get $lived)))
