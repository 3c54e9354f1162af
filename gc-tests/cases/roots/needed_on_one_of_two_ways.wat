;; What one of two ways needs is needed in front of both; the collection is there.
;; roots --invoke run 0 --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func (export "run") (param $way i32)
    (local $here (ref $s))
    (local.set $here (struct.new $s (i32.const 1)))
    (call $gc)
    (if (local.get $way)
      (then (drop (struct.get $s 0 (local.get $here)))))))
