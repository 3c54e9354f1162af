;; What a loop needs at its head is needed at its end, as it may go round again; what it got
;; in this round and has used is not.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $each (struct (field i32)))
  (type $once (struct (field i64)))
  (func (export "run")
    (local $each (ref $each))
    (local $once (ref $once))
    (local $rounds i32)
    (local.set $rounds (i32.const 2))
    (local.set $each (struct.new $each (i32.const 1)))
    (loop $again
      (local.set $once (struct.new $once (i64.extend_i32_s (struct.get $each 0 (local.get $each)))))
      (drop (struct.get $once 0 (local.get $once)))
      (call $gc)
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))))

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 1 (export "run"), running
;;   frame 1: func 1 (export "run") at 0x61 (needed_by_the_next_round.wat:17)
;;     fp-72 (local 0 $each)  ref  $each @0x1000
