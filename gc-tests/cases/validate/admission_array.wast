;; An array that could hold continuations is not admitted.
(assert_invalid
  (module (type $f (func)) (type $k (cont $f)) (type $a (array (mut (ref null $k)))))
  "not admitted: $a")
(assert_invalid
  (module (type $a (array contref)))
  "not admitted: $a")
