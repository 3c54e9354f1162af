;; A table of continuations that are never null has an initial value for its
;; places: none can be made before the module runs, so it has no place.
(module
  (type $f (func))
  (type $k (cont $f))
  (table $t 0 (ref null $k)))
(assert_invalid
  (module
    (type $f (func))
    (type $k (cont $f))
    (table $t 1 (ref $k)))
  "type mismatch")
(assert_invalid
  (module
    (type $f (func))
    (type $k (cont $f))
    (func $body)
    (global (ref $k) (cont.new $k (ref.func $body))))
  "constant expression required")
