;; Tests of and casts to types of continuations are not valid: a continuation knows no
;; type at run time.
(assert_invalid
  (module (type $f (func)) (type $k (cont $f))
    (func (param contref) (result i32) (ref.test (ref $k) (local.get 0))))
  "cont")
(assert_invalid
  (module (func (param contref) (result i32) (ref.test (ref nocont) (local.get 0))))
  "cont")
(assert_invalid
  (module (type $f (func)) (type $k (cont $f))
    (func (param (ref null $k)) (result (ref $k)) (ref.cast (ref $k) (local.get 0))))
  "cont")
(assert_invalid
  (module (type $f (func)) (type $k (cont $f))
    (func (param contref) (result (ref $k))
      (br_on_cast 0 contref (ref $k) (local.get 0)) (unreachable)))
  "cont")
(assert_invalid
  (module (type $f (func)) (type $k (cont $f))
    (func (param contref) (result contref)
      (br_on_cast_fail 0 contref (ref $k) (local.get 0)) (unreachable)))
  "cont")
