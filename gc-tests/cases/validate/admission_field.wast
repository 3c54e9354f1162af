;; A struct that could hold a continuation is not admitted, whatever the field's
;; type is called.
(module
  (type $f (func))
  (type $k (cont $f))
  (table 1 (ref null $k))
  (global (mut (ref null $k)) (ref.null $k)))
(assert_invalid
  (module (type $f (func)) (type $k (cont $f)) (type $s (struct (field (ref null $k)))))
  "not admitted: $s")
(assert_invalid
  (module (type $s (struct (field i32) (field (mut contref)))))
  "not admitted: $s")
(assert_invalid
  (module (type $s (struct (field (ref null nocont)))))
  "not admitted")
