;; A local holds its object until the last use, not until the function ends: at the collection
;; $used is looked at for the last time and $later is not.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $used (struct (field i32)))
  (type $later (struct (field i64)))
  (func (export "run")
    (local $used (ref $used))
    (local $later (ref $later))
    (local.set $used (struct.new $used (i32.const 1)))
    (local.set $later (struct.new $later (i64.const 2)))
    (drop (struct.get $used 0 (local.get $used)))
    (call $gc)
    (drop (struct.get $later 0 (local.get $later)))))

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 16 bytes
;;
;; continuation 1 of func 1 (export "run"), running
;;   frame 1: func 1 (export "run") at 0x54 (needed_until_its_last_use.wat:14)
;;     fp-48 (local 1 $later)  ref  $later @0x1008
