;; A backtracking search by `amb`: each choice clones the search, once for each column but
;; the last. The board is a list that all branches share the end of.
;; config: --continuation-clone
(module
  (import "mangrove" "continuations" (func $continuations (result i64)))
  (type $body (func (param i32) (result i32)))
  (type $k (cont $body))
  (import "mangrove" "clone_cont" (func $clone (param (ref null $k)) (result (ref $k))))
  (type $row (struct (field $column i32) (field $below (ref null $row))))
  (tag $choose (param i32) (result i32))
  (global $size (mut i32) (i32.const 0))

  (func $safe (param $column i32) (param $board (ref null $row)) (result i32)
    (local $distance i32) (local $difference i32)
    (local.set $distance (i32.const 1))
    (loop $next
      (if (ref.is_null (local.get $board)) (then (return (i32.const 1))))
      (local.set $difference
        (i32.sub (local.get $column) (struct.get $row $column (local.get $board))))
      (if (i32.or
            (i32.eqz (local.get $difference))
            (i32.or
              (i32.eq (local.get $difference) (local.get $distance))
              (i32.eq (local.get $difference) (i32.sub (i32.const 0) (local.get $distance)))))
        (then (return (i32.const 0))))
      (local.set $board (struct.get $row $below (local.get $board)))
      (local.set $distance (i32.add (local.get $distance) (i32.const 1)))
      (br $next))
    (unreachable))

  ;; A queen in each row that is left: 1 if they stand, by the columns that were chosen.
  (func $place (param $left i32) (param $board (ref null $row)) (result i32)
    (local $column i32)
    (if (i32.eqz (local.get $left)) (then (return (i32.const 1))))
    (local.set $column (suspend $choose (global.get $size)))
    (if (i32.eqz (call $safe (local.get $column) (local.get $board)))
      (then (return (i32.const 0))))
    (call $place
      (i32.sub (local.get $left) (i32.const 1))
      (struct.new $row (local.get $column) (local.get $board))))
  (func $search (type $body) (call $place (global.get $size) (ref.null $row)))
  (elem declare func $search)

  ;; All ways on from one choice.
  (func $all (param $k (ref $k)) (param $choice i32) (result i32)
    (local $count i32) (local $ways i32) (local $next i32)
    (block $choose (result i32 (ref $k))
      (return (resume $k (on $choose $choose) (local.get $choice) (local.get $k))))
    (local.set $k)
    (i32.const 1)
    (local.set $ways (i32.sub))
    (loop $more
      (if (i32.lt_s (local.get $next) (local.get $ways))
        (then
          (local.set $count (i32.add (local.get $count)
            (call $all (call $clone (local.get $k)) (local.get $next))))
          (local.set $next (i32.add (local.get $next) (i32.const 1)))
          (br $more))))
    (i32.add (local.get $count) (call $all (local.get $k) (local.get $ways))))

  (func (export "queens") (param $size i32) (result i32)
    (global.set $size (local.get $size))
    (call $all (cont.new $k (ref.func $search)) (i32.const 0)))
  ;; Every search has returned: none is left.
  (func (export "continuations") (result i64) (call $continuations)))

(assert_return (invoke "queens" (i32.const 1)) (i32.const 1))
(assert_return (invoke "queens" (i32.const 3)) (i32.const 0))
(assert_return (invoke "queens" (i32.const 4)) (i32.const 2))
(assert_return (invoke "queens" (i32.const 5)) (i32.const 10))
(assert_return (invoke "queens" (i32.const 6)) (i32.const 4))
(assert_return (invoke "continuations") (i64.const 0))
