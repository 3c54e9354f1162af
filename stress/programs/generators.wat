;; `generators`: pairs of generators walk trees in step. A *deep* one is one
;; continuation that suspends many frames deep; a *nested* one makes a generator
;; of its own for each subtree and hands on what that yields, so that each is
;; held by the frame of another. Nodes travel as payloads. The trees are held by
;; the generators alone.
  (type $tree
    (struct
      (field $number i64)
      (field $value i64)
      (field $left (ref null $tree))
      (field $right (ref null $tree))))
  ;; What is yielded: a node, and how many generators are suspended behind it.
  (type $item (struct (field $node (ref $tree)) (field $depth (mut i64))))
  (type $rest (func (result i64)))
  (type $suspended (cont $rest))
  (type $walk (func (param (ref null $tree)) (result i64)))
  (type $fresh (cont $walk))
  (type $depths (array (mut i64)))
  (tag $yield (param (ref $item)))
  (elem declare func $deep $nested)

  ;; Generators 2p and 2p + 1 are pair p. A finished or abandoned one is null.
  (table $generators 0 (ref null $suspended))
  (global $depths (mut (ref null $depths)) (ref.null $depths))
  (global $state (mut i64) (i64.const 0))

  (func $random (param $bound i64) (result i64)
    (global.set $state
      (i64.add
        (i64.mul (global.get $state) (i64.const 6364136223846793005))
        (i64.const 1442695040888963407)))
    (i64.rem_u (i64.shr_u (global.get $state) (i64.const 33)) (local.get $bound)))

  ;; A tree of random shape whose nodes, in order, are numbered from $low to $high - 1.
  (func $plant (param $low i64) (param $high i64) (result (ref null $tree))
    (local $root i64)
    (if (i64.ge_u (local.get $low) (local.get $high))
      (then (return (ref.null $tree))))
    (local.set $root
      (i64.add
        (local.get $low)
        (call $random (i64.sub (local.get $high) (local.get $low)))))
    (struct.new $tree
      (local.get $root)
      (call $value (local.get $root))
      (call $plant (local.get $low) (local.get $root))
      (call $plant (i64.add (local.get $root) (i64.const 1)) (local.get $high))))

  ;; Yields the nodes of a tree from as many frames deep as they are in it;
  ;; returns how many there are.
  (func $deep (type $walk) (param $tree (ref null $tree)) (result i64)
    (local $node (ref $tree))
    (block $nothing
      (local.set $node (br_on_null $nothing (local.get $tree)))
      (i64.add
        (i64.add
          (call $deep (struct.get $tree $left (local.get $node)))
          (i64.const 1))
        (block (result i64)
          (suspend $yield (struct.new $item (local.get $node) (i64.const 1)))
          (call $deep (struct.get $tree $right (local.get $node)))))
      (return))
    (i64.const 0))

  ;; The same from a generator for each subtree.
  (func $nested (type $walk) (param $tree (ref null $tree)) (result i64)
    (local $node (ref $tree))
    (block $nothing
      (local.set $node (br_on_null $nothing (local.get $tree)))
      (i64.add
        (i64.add
          (call $relay (struct.get $tree $left (local.get $node)))
          (i64.const 1))
        (block (result i64)
          (suspend $yield (struct.new $item (local.get $node) (i64.const 1)))
          (call $relay (struct.get $tree $right (local.get $node)))))
      (return))
    (i64.const 0))

  ;; Hands on what a new nested generator yields.
  (func $relay (param $tree (ref null $tree)) (result i64)
    (local $item (ref null $item))
    (local $inner (ref null $suspended))
    (if (ref.is_null (local.get $tree))
      (then (return (i64.const 0))))
    (block $yielded (result (ref $item) (ref $suspended))
      (resume $fresh (on $yield $yielded)
        (local.get $tree) (cont.new $fresh (ref.func $nested)))
      (return))
    (local.set $inner)
    (local.set $item)
    (loop $each
      (struct.set $item $depth (local.get $item)
        (i64.add (struct.get $item $depth (local.get $item)) (i64.const 1)))
      (suspend $yield (ref.as_non_null (local.get $item)))
      (block $yielded (result (ref $item) (ref $suspended))
        (resume $suspended (on $yield $yielded) (local.get $inner))
        (return))
      (local.set $inner)
      (local.set $item)
      (br $each))
    (unreachable))

  ;; Records that generator $g is $it, with $depth generators alive behind it.
  (func $set (param $g i32) (param $it (ref null $suspended)) (param $depth i64)
    (global.set $live
      (i64.add
        (global.get $live)
        (i64.sub
          (local.get $depth)
          (array.get $depths (global.get $depths) (local.get $g)))))
    (array.set $depths (global.get $depths) (local.get $g) (local.get $depth))
    (table.set $generators (local.get $g) (local.get $it)))

  ;; Generator $g up to its first item.
  (func $start (param $g i32) (param $tree (ref null $tree)) (param $how (ref $walk))
    (result (ref null $item))
    (local $item (ref null $item))
    (local $it (ref null $suspended))
    (block $yielded (result (ref $item) (ref $suspended))
      (resume $fresh (on $yield $yielded)
        (local.get $tree) (cont.new $fresh (local.get $how)))
      (drop)
      (return (ref.null $item)))
    (local.set $it)
    (local.set $item)
    (call $set (local.get $g) (local.get $it) (struct.get $item $depth (local.get $item)))
    (local.get $item))

  ;; The next item of generator $g, or null at its end: it must then have yielded $nodes.
  (func $next (param $g i32) (param $nodes i64) (result (ref null $item))
    (local $item (ref null $item))
    (local $it (ref null $suspended))
    (block $yielded (result (ref $item) (ref $suspended))
      (call $same
        (i64.extend_i32_u (local.get $g))
        (resume $suspended (on $yield $yielded) (table.get $generators (local.get $g)))
        (local.get $nodes))
      (call $set (local.get $g) (ref.null $suspended) (i64.const 0))
      (return (ref.null $item)))
    (local.set $it)
    (local.set $item)
    (call $set (local.get $g) (local.get $it) (struct.get $item $depth (local.get $item)))
    (local.get $item))

  ;; Folds an item, which must be node $number, into a sum.
  (func $read (param $item (ref null $item)) (param $number i64) (param $sum i64) (result i64)
    (local $node (ref null $tree))
    (if (ref.is_null (local.get $item))
      (then (call $fault (local.get $number) (i64.const -1)) (return (local.get $sum))))
    (local.set $node (struct.get $item $node (local.get $item)))
    (call $same
      (local.get $number)
      (struct.get $tree $number (local.get $node))
      (local.get $number))
    (call $same
      (local.get $number)
      (struct.get $tree $value (local.get $node))
      (call $value (local.get $number)))
    (call $fold (local.get $sum) (struct.get $tree $value (local.get $node))))

  ;; Plants and starts pair $p. One in three walks the same tree twice, deep and
  ;; nested; one two trees, deep and nested; one two trees, both nested.
  (func $begin (param $p i32) (param $nodes i64) (param $sum i64) (result i64)
    (local $low i64)
    (local $high i64)
    (local $tree (ref null $tree))
    (local $how (ref $walk))
    (local $one (ref null $item))
    (local $other (ref null $item))
    (local.set $low (i64.shl (i64.extend_i32_u (local.get $p)) (i64.const 32)))
    (local.set $high (i64.add (local.get $low) (local.get $nodes)))
    (local.set $tree (call $plant (local.get $low) (local.get $high)))
    (local.set $how
      (select (result (ref $walk))
        (ref.func $nested)
        (ref.func $deep)
        (i32.eq (i32.rem_u (local.get $p) (i32.const 3)) (i32.const 2))))
    (local.set $one
      (call $start
        (i32.shl (local.get $p) (i32.const 1)) (local.get $tree) (local.get $how)))
    (if (i32.rem_u (local.get $p) (i32.const 3))
      (then (local.set $tree (call $plant (local.get $low) (local.get $high)))))
    (local.set $other
      (call $start
        (i32.add (i32.shl (local.get $p) (i32.const 1)) (i32.const 1))
        (local.get $tree)
        (ref.func $nested)))
    (call $compare
      (local.get $p) (local.get $one) (local.get $other) (local.get $low) (local.get $sum)))

  ;; Both items must be node $number, and one object if both walk the same tree.
  (func $compare (param $p i32) (param $one (ref null $item)) (param $other (ref null $item))
    (param $number i64) (param $sum i64) (result i64)
    (local.set $sum (call $read (local.get $one) (local.get $number) (local.get $sum)))
    (local.set $sum (call $read (local.get $other) (local.get $number) (local.get $sum)))
    (if (i32.eqz
          (i32.or
            (i32.rem_u (local.get $p) (i32.const 3))
            (i64.ne (global.get $faults) (i64.const 0))))
      (then
        (if (i32.eqz
              (ref.eq
                (struct.get $item $node (local.get $one))
                (struct.get $item $node (local.get $other))))
          (then (call $fault (local.get $number) (i64.const -2))))))
    (local.get $sum))

  ;; Pair $p, from item $at - 1 to item $at; at the end both end.
  (func $step (param $p i32) (param $at i64) (param $nodes i64) (param $sum i64) (result i64)
    (local $g i32)
    (local $one (ref null $item))
    (local $other (ref null $item))
    (local.set $g (i32.shl (local.get $p) (i32.const 1)))
    (local.set $one (call $next (local.get $g) (local.get $nodes)))
    (local.set $other
      (call $next (i32.add (local.get $g) (i32.const 1)) (local.get $nodes)))
    (if (i64.eq (local.get $at) (local.get $nodes))
      (then
        (if (i32.eqz
              (i32.and (ref.is_null (local.get $one)) (ref.is_null (local.get $other))))
          (then (call $fault (local.get $at) (i64.const -3))))
        (return (local.get $sum))))
    (call $compare
      (local.get $p)
      (local.get $one)
      (local.get $other)
      (i64.add
        (i64.shl (i64.extend_i32_u (local.get $p)) (i64.const 32))
        (local.get $at))
      (local.get $sum)))

  (func $abandon (param $p i32)
    (local.set $p (i32.shl (local.get $p) (i32.const 1)))
    (call $set (local.get $p) (ref.null $suspended) (i64.const 0))
    (call $set (i32.add (local.get $p) (i32.const 1)) (ref.null $suspended) (i64.const 0)))

  (func (export "run") (param $pairs i32) (param $count i32) (param $every i32) (param $seed i32)
    (result i64)
    (local $before i64)
    (local $nodes i64)
    (local $at i64)
    (local $p i32)
    (local $steps i32)
    (local $sum i64)
    (local.set $before (call $continuations))
    (local.set $nodes (i64.extend_i32_u (local.get $count)))
    (global.set $state (i64.extend_i32_u (local.get $seed)))
    (global.set $depths
      (array.new_default $depths (i32.shl (local.get $pairs) (i32.const 1))))
    (drop
      (table.grow $generators
        (ref.null $suspended)
        (i32.shl (local.get $pairs) (i32.const 1))))
    (loop $items
      (local.set $p (i32.const 0))
      (loop $each
        (if (i64.eqz (local.get $at))
          (then
            (local.set $sum
              (call $begin (local.get $p) (local.get $nodes) (local.get $sum))))
          (else
            (if (i32.eqz
                  (ref.is_null
                    (table.get $generators (i32.shl (local.get $p) (i32.const 1)))))
              (then
                (local.set $sum
                  (call $step
                    (local.get $p) (local.get $at) (local.get $nodes) (local.get $sum)))))))
        ;; Every fourth pair is abandoned halfway.
        (if (i32.and
              (i32.eq (i32.and (local.get $p) (i32.const 3)) (i32.const 3))
              (i64.eq (local.get $at) (i64.shr_u (local.get $nodes) (i64.const 1))))
          (then (call $abandon (local.get $p))))
        (if (i64.ne (global.get $faults) (i64.const 0))
          (then (return (local.get $sum))))
        (local.set $steps (i32.add (local.get $steps) (i32.const 1)))
        (if (i32.eqz (i32.rem_u (local.get $steps) (local.get $every)))
          (then
            (call $litter (i32.const 64))
            (call $gc)
            (call $count (local.get $before))))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (br_if $each (i32.lt_u (local.get $p) (local.get $pairs))))
      (local.set $at (i64.add (local.get $at) (i64.const 1)))
      (br_if $items (i64.le_u (local.get $at) (local.get $nodes))))
    (call $gc)
    (call $count (local.get $before))
    (local.get $sum))
