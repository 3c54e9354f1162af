;; The label of a clause takes the tag's payload and the continuation, no more
;; and no less.
(module
  (type $f (func)) (type $k (cont $f))
  (tag $e (param i32))
  (func (param $k (ref $k))
    (block $h (result i32 (ref $k))
      (resume $k (on $e $h) (local.get $k))
      (return))
    (drop) (drop)))
(assert_invalid
  (module
    (type $f (func)) (type $k (cont $f))
    (tag $e (param i32))
    (func (param $k (ref $k))
      (block $h (result (ref $k))
        (resume $k (on $e $h) (local.get $k))
        (return))
      (drop)))
  "type mismatch")
(assert_invalid
  (module
    (type $f (func)) (type $k (cont $f))
    (tag $e (param i32))
    (func (param $k (ref $k))
      (block $h (result i64 (ref $k))
        (resume $k (on $e $h) (local.get $k))
        (return))
      (drop) (drop)))
  "type mismatch")
