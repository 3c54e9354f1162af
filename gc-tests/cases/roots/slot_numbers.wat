;; Numbers, vectors and function references are no roots, however live.
;; roots --invoke run --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func $use (param i64) (param f64) (param v128) (param funcref))
  (func $with (param $n i64) (param $x f64) (param $v v128) (param $f funcref)
    (call $gc)
    (call $use (local.get $n) (local.get $x) (local.get $v) (local.get $f)))
  (elem declare func $use)
  (func (export "run")
    (call $with (i64.const 4096) (f64.const 1) (v128.const i64x2 4096 4104) (ref.func $use))))

;; expected:
;; 0 roots, 1 continuation, 4 frames; 0 objects reachable, 0 bytes
