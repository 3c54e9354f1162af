;; n times: make a continuation, run it to its end, never suspending it.
;; run(n) = 2 + 3 + ... + (n+1)
(module
  (type $work (func (param i32) (result i32)))
  (type $cont (cont $work))
  (elem declare func $increment)

  (func $increment (param $x i32) (result i32)
    (i32.add (local.get $x) (i32.const 1)))

  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $sum
          (i64.add
            (local.get $sum)
            (i64.extend_i32_u
              (resume $cont (local.get $n) (cont.new $cont (ref.func $increment))))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $again)))
    (local.get $sum)))
