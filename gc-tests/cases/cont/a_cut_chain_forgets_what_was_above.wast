;; What a record remembers of a search ends where its chain is cut, also in the middle of the chain.
(module
  (type $f (func))
  (type $k (cont $f))
  (tag $far)
  (tag $near)
  (tag $other)
  (elem declare func $near_handler $first $second $third $last)
  (global $cut (mut (ref null $k)) (ref.null $k))

  ;; The chain: main ◀ near_handler ◀ first ◀ second ◀ third ◀ last.
  (func $last
    (suspend $near))
  (func $third
    (block $on (result (ref $k))
      (resume $k (on $other $on) (cont.new $k (ref.func $last)))
      (return))
    (unreachable))
  ;; It remembers that nobody up to $near_handler handles $far, and then has a search
  ;; for $near pass by, which ends below that.
  (func $second
    (suspend $far)
    (block $on (result (ref $k))
      (resume $k (on $other $on) (cont.new $k (ref.func $third)))
      (suspend $far)
      (return))
    (unreachable))
  (func $first
    (block $on (result (ref $k))
      (resume $k (on $other $on) (cont.new $k (ref.func $second)))
      (return))
    (unreachable))
  (func $near_handler
    (block $on (result (ref $k))
      (resume $k (on $near $on) (cont.new $k (ref.func $first)))
      (unreachable))
    (global.set $cut))

  (func $until_far (param $k (ref $k)) (result (ref null $k))
    (block $on (result (ref $k))
      (resume $k (on $far $on) (local.get $k))
      (return (ref.null $k))))
  (func (export "run") (result i32)
    (local $k (ref null $k))
    (local.set $k (call $until_far (cont.new $k (ref.func $near_handler))))
    ;; Now $near_handler ends, and what was below it is kept.
    (if (i32.eqz (ref.is_null (call $until_far (ref.as_non_null (local.get $k)))))
      (then (return (i32.const 1))))
    ;; Here the chain goes on without it: the second $far is for this one.
    (local.set $k (call $until_far (ref.as_non_null (global.get $cut))))
    (if (ref.is_null (local.get $k)) (then (return (i32.const 2))))
    (if (i32.eqz (ref.is_null (call $until_far (ref.as_non_null (local.get $k)))))
      (then (return (i32.const 3))))
    (i32.const 0)))
(assert_return (invoke "run") (i32.const 0))
