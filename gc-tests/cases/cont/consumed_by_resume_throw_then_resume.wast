;; A continuation that was ended by an exception cannot be resumed through the
;; old reference, also when its record may be another's by then.
(module
  (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
  (type $f0 (func))
  (type $k0 (cont $f0))
  (tag $pause) (tag $swap) (tag $cancel)
  (func $body (type $f) (suspend $pause))
  (elem declare func $body)
  (func $first (param $k (ref null $k))
    (block $caught
      (try_table (catch $cancel $caught) (resume_throw $k $cancel (local.get $k)))
      (unreachable)))
  (func $second (param $k (ref null $k))
    (resume $k (ref.null $k) (local.get $k)))
  (func (export "run") (param $another i32)
    (local $k (ref null $k))
    (local.set $k (cont.new $k (ref.func $body)))
    (call $first (local.get $k))
    (if (local.get $another) (then (drop (cont.new $k (ref.func $body)))))
    (call $second (local.get $k))))
(assert_trap (invoke "run" (i32.const 0)) "continuation already consumed")
(assert_trap (invoke "run" (i32.const 1)) "continuation already consumed")
