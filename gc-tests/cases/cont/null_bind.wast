;; Binding null traps, with arguments and without.
(module
  (type $f (func (param i32)))
  (type $k (cont $f))
  (type $f0 (func))
  (type $k0 (cont $f0))
  (func (export "one") (drop (cont.bind $k $k0 (i32.const 1) (ref.null $k))))
  (func (export "none") (drop (cont.bind $k $k (ref.null $k))))
  (func (export "bottom") (drop (cont.bind $k $k (ref.null nocont)))))
(assert_trap (invoke "one") "null continuation reference")
(assert_trap (invoke "none") "null continuation reference")
(assert_trap (invoke "bottom") "null continuation reference")
