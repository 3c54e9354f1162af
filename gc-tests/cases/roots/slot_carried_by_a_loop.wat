;; In a loop the list is a root in each turn; here in the second, when it has two objects. One
;; slot; the second object is held by the first.
;; roots --invoke run --at gc:2
(module
  (import "mangrove" "gc" (func $gc))
  (type $list (struct (field $next (ref null $list))))
  (func $use (param (ref null $list)))
  (func (export "run") (local $l (ref null $list)) (local $n i32)
    (loop $more
      (local.set $l (struct.new $list (local.get $l)))
      (call $gc)
      (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 2))))
    (call $use (local.get $l))))

;; expected:
;; 1 root, 1 continuation, 3 frames; 2 objects reachable, 16 bytes
;;
;; continuation 1 of func 2 (export "run"), running
;;   frame 1: func 2 (export "run") at 0x4d (slot_carried_by_a_loop.wat:11)
;;     fp-64 (local 0 $l)  ref  $list @0x1000
