;; Each of three in the middle of a chain suspends to a far handler, then runs the next inside of it.
;; The innermost of all suspends to the same one and returns; the one around it suspends to a nearer
;; one, by its second clause, which handles both tags from then on. Each of the three suspends once
;; more, and must find that: the search stepped away from two of them, and ended at the third.
(module
  (type $f (func (result i32))) (type $k (cont $f))
  (type $fi (func (param i32) (result i32))) (type $ki (cont $fi))
  (tag $near) (tag $far) (tag $none)
  (func $innermost (type $f) (suspend $far) (i32.const 1))
  (func $inner (type $f)
    (block $h (result (ref $k))
      (drop (resume $k (on $none $h) (cont.new $k (ref.func $innermost))))
      (suspend $near)
      (return (i32.const 2)))
    (unreachable))
  ;; Goes far, runs what is inside, goes far again.
  (func $middle (type $fi)
    (suspend $far)
    (block $h (result (ref $k))
      (if (local.get 0)
        (then (drop (resume $ki (on $none $h)
          (i32.sub (local.get 0) (i32.const 1)) (cont.new $ki (ref.func $middle)))))
        (else (drop (resume $k (on $none $h) (cont.new $k (ref.func $inner))))))
      (suspend $far)
      (return (i32.const 3)))
    (unreachable))
  ;; Handles $near; after that $far as well, and adds 10 for each time that it does.
  (func $nearer (type $f) (local $k (ref null $k)) (local $n i32)
    (block $near (result (ref $k))
      (return (resume $ki (on $none $near) (on $near $near)
        (i32.const 2) (cont.new $ki (ref.func $middle)))))
    (local.set $k)
    (loop $again
      (block $far (result (ref $k))
        (return (i32.add
          (resume $k (on $near $far) (on $far $far) (local.get $k)) (local.get $n))))
      (local.set $k)
      (local.set $n (i32.add (local.get $n) (i32.const 10)))
      (br $again))
    (unreachable))
  (func $outer (type $f)
    (block $h (result (ref $k))
      (return (resume $k (on $none $h) (cont.new $k (ref.func $nearer)))))
    (unreachable))
  (elem declare func $innermost $inner $middle $nearer $outer)
  ;; What comes out in the end, and how often $far came here.
  (func (export "run") (result i32 i32) (local $k (ref null $k)) (local $n i32)
    (local.set $k (cont.new $k (ref.func $outer)))
    (loop $again
      (block $far (result (ref $k))
        (return (resume $k (on $far $far) (local.get $k)) (local.get $n)))
      (local.set $k)
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br $again))
    (unreachable)))
(assert_return (invoke "run") (i32.const 33) (i32.const 4))
