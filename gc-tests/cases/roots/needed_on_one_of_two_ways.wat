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

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 1 (export "run"), running
;;   frame 1: func 1 (export "run") at 0x43 (needed_on_one_of_two_ways.wat:9)
;;     fp-40 (local 1 $here)  ref  $s @0x1000
