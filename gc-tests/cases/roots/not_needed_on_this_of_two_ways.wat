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

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 1 (export "run"), running
;;   frame 1: func 1 (export "run") at 0x5f (not_needed_on_this_of_two_ways.wat:17)
;;     fp-56 (local 1 $here)  ref  $here @0x1000
