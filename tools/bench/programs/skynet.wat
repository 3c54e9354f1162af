;; A tree of continuations, ten below each, n levels: a leaf hands its number up by a
;; suspension, is resumed to its end, and every other node sums up what it was handed.
;; run(n) = 0 + 1 + ... + (10^n - 1)
(module
  (type $start (func (param i32 i64) (result i64)))
  (type $fresh (cont $start))
  (type $rest (func (result i64)))
  (type $suspended (cont $rest))
  (tag $number (param i64))
  (elem declare func $node)

  ;; `first` is the lowest of the leaves' numbers below the node, over 10^level.
  (func $node (param $level i32) (param $first i64) (result i64)
    (local $sum i64) (local $child i64) (local $end i64)
    (if (i32.eqz (local.get $level))
      (then
        (suspend $number (local.get $first))
        (return (i64.const 0))))
    (local.set $child (i64.mul (local.get $first) (i64.const 10)))
    (local.set $end (i64.add (local.get $child) (i64.const 10)))
    (loop $children
      (local.set $sum
        (i64.add
          (local.get $sum)
          (call $run (i32.sub (local.get $level) (i32.const 1)) (local.get $child))))
      (local.set $child (i64.add (local.get $child) (i64.const 1)))
      (br_if $children (i64.ne (local.get $child) (local.get $end))))
    (local.get $sum))

  ;; A node in a continuation of its own: what it returns or hands up.
  (func $run (param $level i32) (param $first i64) (result i64)
    (block $handed (result i64 (ref $suspended))
      (return
        (resume $fresh (on $number $handed)
          (local.get $level) (local.get $first)
          (cont.new $fresh (ref.func $node)))))
    (resume $suspended)
    (i64.add))

  (func (export "run") (param $n i32) (result i64)
    (call $run (local.get $n) (i64.const 0))))
