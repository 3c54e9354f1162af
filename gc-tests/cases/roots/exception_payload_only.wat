;; Of an exception that was caught without a reference to it, what it carried is a root where it
;; is used; the exception itself is gone.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (tag $e (param (ref $s)))
  (func (export "run") (local $x (ref null $s))
    (local.set $x
      (block $on (result (ref $s))
        (try_table (catch $e $on)
          (throw $e (call $make (i32.const 1))))
        (unreachable)))
    (call $gc)
    (call $use (local.get $x))))

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;;
;; continuation 1 of func 3 (export "run"), running
;;   frame 1: func 3 (export "run") at 0x6e (exception_payload_only.wat:17)
;;     fp-72 (local 0 $x)  ref  $s @0x1000
