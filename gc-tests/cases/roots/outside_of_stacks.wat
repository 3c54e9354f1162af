;; After the call has returned only globals and tables hold something.
;; roots --invoke run --at end
(module
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (global $object (mut (ref null $s)) (ref.null $s))
  (global $small (mut (ref null any)) (ref.null any))
  (table $conts 2 (ref null $k))
  (table $objects 3 (ref null any))
  (func $body)
  (elem declare func $body)
  (func (export "run")
    (global.set $object (struct.new $s (i32.const 1)))
    (global.set $small (ref.i31 (i32.const 9)))
    (table.set $conts (i32.const 1) (cont.new $k (ref.func $body)))
    (table.set $objects (i32.const 2) (global.get $object))))

;; expected:
;; 3 roots, 1 continuation, 0 frames; 1 object reachable, 8 bytes
;; no reference to anything (null, numbers, functions) in 4 more places
;;
;; outside of stacks
;;   globals
;;     global 0 $object  ref  $s @0x1000
;;     global 1 $small   ref  i31 9
;;   table 0 $conts
;;     [0]        null
;;     [1]  cont  continuation 2 of $body
;;   table 1 $objects
;;     [0] to [1]       null
;;     [2]         ref  $s @0x1000
