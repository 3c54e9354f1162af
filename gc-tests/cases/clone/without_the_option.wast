;; Without the option there is no such import.
(assert_unlinkable
  (module
    (type $f (func)) (type $k (cont $f))
    (import "mangrove" "clone_cont" (func (param (ref $k)) (result (ref $k)))))
  "unknown import")
