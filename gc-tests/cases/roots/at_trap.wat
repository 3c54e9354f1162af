;; At a trap all stacks are still there, the one that trapped included.
;; roots --invoke run --at trap
(module
  (type $s (struct (field i32)))
  (type $f (func (param (ref $s))))
  (type $k (cont $f))
  (func $body (param $s (ref $s))
    (call $fail)
    (drop (struct.get $s 0 (local.get $s))))
  (func $fail (unreachable))
  (elem declare func $body)
  (func (export "run")
    (local $mine (ref $s))
    (local.set $mine (struct.new $s (i32.const 1)))
    (resume $k (struct.new $s (i32.const 2)) (cont.new $k (ref.func $body)))
    (drop (struct.get $s 0 (local.get $mine)))))
