;; A tag with a continuation in its payload may be suspended with, for that is
;; stored nowhere; it may not be thrown, for an exception is an object.
(module
  (type $f (func))
  (type $k (cont $f))
  (tag $t (param (ref $k)))
  (func (export "ok") (param $k (ref null $k))
    (suspend $t (ref.as_non_null (local.get $k)))))
(assert_invalid
  (module
    (type $f (func))
    (type $k (cont $f))
    (tag $t (param (ref $k)))
    (func (param $k (ref $k)) (throw $t (local.get $k))))
  "not admitted")
