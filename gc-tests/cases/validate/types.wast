;; Continuation types are over function types, and the verbs check them.
(assert_invalid
  (module (type $s (struct)) (type $k (cont $s)))
  "non-function type")
(assert_invalid
  (module
    (type $f (func)) (type $k (cont $f))
    (type $g (func (param i32)))
    (func $g (param i32))
    (elem declare func $g)
    (func (drop (cont.new $k (ref.func $g)))))
  "type mismatch")
(assert_invalid
  (module
    (type $f (func (param i32))) (type $k (cont $f))
    (func (param $k (ref $k)) (resume $k (local.get $k))))
  "type mismatch")
(assert_invalid
  (module (tag $e (param i32)) (func (suspend $e)))
  "type mismatch")
(assert_invalid
  (module (func (suspend 0)))
  "unknown tag")
