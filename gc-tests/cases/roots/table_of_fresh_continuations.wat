;; A continuation that was never resumed has no frames, so none of its function's locals: the
;; two elements of the table are all the roots, one of them null.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (tag $pause)
  (table $t 2 (ref null $k))
  (func $body)
  (elem declare func $body)
  (func (export "run")
    (table.set $t (i32.const 1) (cont.new $k (ref.func $body)))
    (call $gc)))

;; expected:
;; 1 root, 2 continuations, 3 frames; 0 objects reachable, 0 bytes
;; no reference to anything (null, numbers, functions) in 1 more place
;;
;; outside of stacks
;;   table 0 $t
;;     [0]        null
;;     [1]  cont  continuation 2 of $body
