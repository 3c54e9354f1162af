;; Fields may be of every type of the hierarchy: cont, nocont, and subtypes of a
;; continuation type, and a subtype's field may be narrower.
;; config: --continuations-in-objects trace
(module
  (import "mangrove" "gc" (func $gc))
  (type $f (sub (func (result anyref))))
  (type $f2 (sub $f (func (result i31ref))))
  (type $k (sub (cont $f)))
  (type $k2 (sub $k (cont $f2)))
  (type $s (sub (struct (field (ref null cont)) (field (ref null $k)) (field (ref null nocont)))))
  (type $s2 (sub $s (struct (field (ref null $k)) (field (ref $k2)) (field (ref null nocont))
    (field (mut (ref null cont))))))
  (func $body (type $f2) (ref.i31 (i32.const 12)))
  (elem declare func $body)
  (func $new (result (ref $k2)) (cont.new $k2 (ref.func $body)))
  (func (export "run") (result i32 i32 i32)
    (local $s (ref $s)) (local $s2 (ref $s2))
    (local.set $s2 (struct.new $s2 (call $new) (call $new) (ref.null nocont) (call $new)))
    (local.set $s (local.get $s2))
    (call $gc)
    (i31.get_u (ref.cast i31ref (resume $k (struct.get $s 1 (local.get $s)))))
    (i31.get_u (ref.cast i31ref (resume $k (struct.get $s2 0 (ref.cast (ref $s2) (local.get $s))))))
    (ref.is_null (struct.get $s 2 (local.get $s)))))
(assert_return (invoke "run") (i32.const 12) (i32.const 12) (i32.const 1))
