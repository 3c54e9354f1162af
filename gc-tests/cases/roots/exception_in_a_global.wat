;; An exception in a global is a root outside of stacks, and holds what it carries.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $make (param $n i32) (result (ref $s))
    (struct.new $s (local.get $n)))
  (func $use (param (ref null $s)))
  (tag $e (param (ref $s)))
  (global $g (mut exnref) (ref.null exn))
  (func (export "run")
    (block $on (result exnref)
      (try_table (catch_all_ref $on)
        (throw $e (call $make (i32.const 1))))
      (unreachable))
    (global.set $g)
    (call $gc)))

;; expected:
;; 1 root, 1 continuation, 3 frames; 2 objects reachable, 24 bytes
;;
;; outside of stacks
;;   globals
;;     global 0 $g  ref  exception $e @0x1008
