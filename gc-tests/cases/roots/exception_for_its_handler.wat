;; Inside a try_table, what only the handler will read is a root at each call that may throw.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (tag $e)
  (func (export "run") (local $x (ref null $s))
    (local.set $x (call $make (i32.const 1)))
    (block $on
      (try_table (catch $e $on)
        (call $gc)
        (return)))
    (call $use (local.get $x))))

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 3 (export "run"), running
;;   frame 1: func 3 (export "run") at 0x63 (exception_for_its_handler.wat:14)
;;     fp-72 (local 0 $x)  ref  $s @0x1000
