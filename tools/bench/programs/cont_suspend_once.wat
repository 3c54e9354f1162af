;; n times: make a continuation, run it to a suspension, resume it to its end.
;; run(n) = 2 + 3 + ... + (n+1)
(module
  (type $work (func (param i32) (result i32)))
  (type $fresh (cont $work))
  (type $rest (func (result i32)))
  (type $suspended (cont $rest))
  (tag $pause)
  (elem declare func $increment)

  (func $increment (param $x i32) (result i32)
    (suspend $pause)
    (i32.add (local.get $x) (i32.const 1)))

  (func $one (param $x i32) (result i32)
    (block $paused (result (ref $suspended))
      (return
        (resume $fresh (on $pause $paused) (local.get $x) (cont.new $fresh (ref.func $increment)))))
    (resume $suspended))

  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $sum
          (i64.add (local.get $sum) (i64.extend_i32_u (call $one (local.get $n)))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $again)))
    (local.get $sum)))
