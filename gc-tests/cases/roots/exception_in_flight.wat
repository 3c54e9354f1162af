;; An exception that is thrown again from a call that collects while it is on its way: where the
;; collection is made, it waits among the operands for throw_ref.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (tag $e (param (ref $s)))
  (func $collect_and_throw (param $x exnref)
    (call $gc)
    (throw_ref (local.get $x)))
  (func (export "run")
    (block $all
      (try_table (catch_all $all)
        (block $on (result exnref)
          (try_table (catch_all_ref $on)
            (throw $e (call $make (i32.const 1))))
          (unreachable))
        (call $collect_and_throw)))))

;; expected:
;; 1 root, 1 continuation, 4 frames; 2 objects reachable, 24 bytes
;;
;; continuation 1 of func 4 (export "run"), running
;;   frame 1: $collect_and_throw at 0x5c (exception_in_flight.wat:12)
;;     fp-24 (local 0 $x)  ref  exception $e @0x1008
