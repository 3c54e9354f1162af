;; n short-lived structs of an i64 and a reference; at most 64 of them alive, in a list.
;; run(n) = n + (n-1) + ... + 1
(module
  (type $node (struct (field $value i64) (field $next (ref null $node))))

  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (local $list (ref null $node))
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $n)))
        ;; Every 64th turn the list is let go.
        (if (i32.eqz (i32.and (local.get $n) (i32.const 63)))
          (then (local.set $list (ref.null $node))))
        (local.set $list
          (struct.new $node (i64.extend_i32_u (local.get $n)) (local.get $list)))
        (local.set $sum
          (i64.add (local.get $sum) (struct.get $node $value (local.get $list))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $again)))
    (local.get $sum)))
