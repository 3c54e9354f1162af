;; Continuations run in a start function too; one parked there is resumed by a
;; call later.
(module
  (type $f (func (result i32))) (type $k (cont $f))
  (tag $pause)
  (global $k (mut (ref null $k)) (ref.null $k))
  (func $body (type $f) (suspend $pause) (i32.const 5))
  (elem declare func $body)
  (func $start
    (block $paused (result (ref $k))
      (drop (resume $k (on $pause $paused) (cont.new $k (ref.func $body))))
      (unreachable))
    (global.set $k))
  (start $start)
  (func (export "run") (result i32) (resume $k (global.get $k))))
(assert_return (invoke "run") (i32.const 5))
