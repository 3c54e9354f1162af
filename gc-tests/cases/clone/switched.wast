;; One that switched away is cloned: it is suspended like any other. Who is switched to may
;; be a clone too.
;; config: --continuation-clone
(module
  (import "mangrove" "gc" (func $gc))
  (rec
    (type $f (func (param (ref null $k)) (result i32)))
    (type $k (cont $f)))
  (import "mangrove" "clone_cont" (func $clone (param (ref null $k)) (result (ref $k))))
  (tag $yield (result i32))
  (global $log (mut i32) (i32.const 0))
  (func $note (param i32)
    (global.set $log (i32.add (i32.mul (global.get $log) (i32.const 10)) (local.get 0))))
  ;; Switches back to a clone of who came here, and ends when it is switched to again.
  (func $pong (type $f)
    (call $note (i32.const 2))
    (call $gc)
    (local.set 0 (switch $k $yield (call $clone (local.get 0))))
    (call $note (i32.const 4))
    (i32.const 40))
  (func $ping (type $f)
    (call $note (i32.const 1))
    (local.set 0 (switch $k $yield (cont.new $k (ref.func $pong))))
    (call $note (i32.const 3))
    (drop (switch $k $yield (call $clone (local.get 0))))
    (unreachable))
  (elem declare func $ping $pong)
  (func (export "run") (result i32 i32)
    (resume $k (on $yield switch) (ref.null $k) (cont.new $k (ref.func $ping)))
    (global.get $log)))
(assert_return (invoke "run") (i32.const 40) (i32.const 1234))
