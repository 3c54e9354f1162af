;; A local that an inlined function has not set yet is null in each round of a loop, and not what it
;; was in the last: at the second collection nothing is held.
;; config: --opt-level inline
;; roots --invoke run --at gc:2
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $look (param $x (ref $s))
    (drop (struct.get $s 0 (local.get $x))))
  (func $round (local $y (ref null $s))
    (call $gc)
    (local.set $y (struct.new $s (i32.const 1)))
    (drop (struct.get $s 0 (local.get $y))))
  (func (export "run") (local $n i32)
    (local.set $n (i32.const 2))
    (loop $again
      (call $round)
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n)))))

;; expected:
;; 0 roots, 1 continuation, 3 frames; 0 objects reachable, 0 bytes
