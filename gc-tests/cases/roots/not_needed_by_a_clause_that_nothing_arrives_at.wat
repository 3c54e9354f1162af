;; Of two clauses for one tag the first gets every suspension. What is needed only behind the
;; second is not needed at all while what was resumed runs.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $first (struct (field i32)))
  (type $second (struct (field i64)))
  (type $function (func))
  (type $continuation (cont $function))
  (tag $tag)
  (func $collects (call $gc) (suspend $tag))
  (elem declare func $collects)
  (func (export "run") (result i64)
    (local $first (ref $first))
    (local $second (ref $second))
    (local.set $first (struct.new $first (i32.const 1)))
    (local.set $second (struct.new $second (i64.const 2)))
    (block $behind_the_second (result (ref $continuation))
      (block $behind_the_first (result (ref $continuation))
        (resume $continuation (on $tag $behind_the_first) (on $tag $behind_the_second)
          (cont.new $continuation (ref.func $collects)))
        (return (i64.const 0)))
      (drop)
      (return (i64.extend_i32_s (struct.get $first 0 (local.get $first)))))
    (drop)
    (struct.get $second 0 (local.get $second))))

;; expected:
;; 1 root, 2 continuations, 5 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 2 (export "run"), parent
;;   frame 0: func 2 (export "run") at 0x71 (not_needed_by_a_clause_that_nothing_arrives_at.wat:20)
;;     fp-80 (local 0 $first)  ref  $first @0x1000
