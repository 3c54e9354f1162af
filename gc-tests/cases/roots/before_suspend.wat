;; Just before the second suspension: the running stack is still that of the
;; generator, and the array it walks is held by its frame.
;; roots --invoke run --at suspend:2
(module
  (type $a (array i32))
  (type $f (func))
  (type $k (cont $f))
  (tag $yield (param i32))
  (func $each
    (local $a (ref $a))
    (local.set $a (array.new_fixed $a 3 (i32.const 4) (i32.const 5) (i32.const 6)))
    (suspend $yield (array.get $a (local.get $a) (i32.const 0)))
    (suspend $yield (array.get $a (local.get $a) (i32.const 1)))
    (suspend $yield (array.get $a (local.get $a) (i32.const 2))))
  (elem declare func $each)
  (func (export "run") (result i32)
    (local $k (ref null $k)) (local $sum i32)
    (local.set $k (cont.new $k (ref.func $each)))
    (loop $more
      (block $got (result i32 (ref $k))
        (resume $k (on $yield $got) (local.get $k))
        (return (local.get $sum)))
      (local.set $k)
      (local.set $sum (i32.add (local.get $sum)))
      (br $more))
    (unreachable)))

;; expected:
;; 1 root, 2 continuations, 4 frames; 1 object reachable, 24 bytes
;;
;; continuation 2 of $each, running
;;   frame 0: $each at 0x5f (before_suspend.wat:13)
;;     fp-96 (local 0 $a)  ref  $a @0x1000
