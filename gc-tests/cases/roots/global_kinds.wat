;; Globals of references are roots whatever they hold: null, an i31, an object. Those of numbers
;; and of functions are none.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (global $null (mut (ref null $s)) (ref.null $s))
  (global $small anyref (ref.i31 (i32.const 3)))
  (global $object (ref $s) (struct.new $s (i32.const 1)))
  (global $number i64 (i64.const 4096))
  (global $function funcref (ref.null func))
  (func (export "run") (call $gc)))

;; expected:
;; 1 root, 1 continuation, 3 frames; 1 object reachable, 8 bytes
;; no reference to anything (null, numbers, functions) in 4 more places
;;
;; outside of stacks
;;   globals
;;     global 0 $null           null
;;     global 1 $small     ref  i31 3
;;     global 2 $object    ref  $s @0x1000
;;     global 3 $number         4096
;;     global 4 $function       null
