;; On the way that does not need it, it is not held: the collection is there.
;; roots --invoke run 0 --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $here (struct (field i32)))
  (type $there (struct (field i64)))
  (func (export "run") (param $way i32)
    (local $here (ref $here))
    (local $there (ref $there))
    (local.set $here (struct.new $here (i32.const 1)))
    (local.set $there (struct.new $there (i64.const 2)))
    (if (local.get $way)
      (then
        (call $gc)
        (drop (struct.get $there 0 (local.get $there))))
      (else
        (call $gc)
        (drop (struct.get $here 0 (local.get $here)))))))
