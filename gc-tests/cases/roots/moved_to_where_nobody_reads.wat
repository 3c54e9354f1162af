;; A local that is only moved to another one, which nobody reads, holds nothing. Where two ways
;; meet, it would be what is handed to the place behind them.
;; roots --invoke run 0 --at gc:1
(module
  (import "mangrove" "gc" (func $gc))
  (type $s (struct (field i32)))
  (func (export "run") (param $way i32)
    (local $moved (ref null $s))
    (local $unread (ref null $s))
    (local.set $moved (struct.new $s (i32.const 1)))
    (call $gc)
    (if (local.get $way)
      (then (local.set $moved (struct.new $s (i32.const 2)))))
    (local.set $unread (local.get $moved))))

;; expected:
;; 0 roots, 1 continuation, 3 frames; 0 objects reachable, 0 bytes
