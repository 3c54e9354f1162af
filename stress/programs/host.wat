  ;; `host`: a node of the script is a call of `go`, which asks the host what to do. See
  ;; src/suites/host.rs.
  (type $go_f (func (param i64 i32) (result i64)))
  (type $go_k (cont $go_f))
  (type $waits_f (func (param i64) (result i64)))
  (type $waits_k (cont $waits_f))
  (type $known (struct (field $value i64) (field $id i64)))
  (tag $thrown (param i64 (ref $box)))
  (elem declare func $go)
  (func (export "fault_count") (result i64) (global.get $faults))

  ;; A child as a continuation: what a host function in it waits for is the number of that.
  (func $resume (param $child i64) (result i64) (local $k (ref null $waits_k)) (local $n i64)
    (block $on (result i64 (ref $waits_k))
      (return
        (resume $go_k (on $waits $on)
          (local.get $child) (i32.const 1) (cont.new $go_k (ref.func $go)))))
    (local.set $k)
    (local.set $n)
    (loop $again
      ;; While it sleeps.
      (call $gc)
      (block $on (result i64 (ref $waits_k))
        (return
          (resume $waits_k (on $waits $on)
            (call $value (local.get $n)) (local.get $k))))
      (local.set $k)
      (local.set $n)
      (br $again))
    (unreachable))

  (func $guarded (param $child i64) (result i64) (local $n i64) (local $box (ref null $box))
    (block $caught (result i64 (ref $box))
      (return (try_table (result i64) (catch $thrown $caught) (call $resume (local.get $child)))))
    (local.set $box)
    (local.set $n)
    (drop (call $check_box (local.get $box) (local.get $n)))
    (i64.const -3))

  ;; Whether a parent of its continuation, up to the host, handles what waits.
  (func $go (export "go") (param $node i64) (param $handled i32) (result i64)
    (local $call i64) (local $way i64) (local $child i64) (local $sum i64) (local $got i64)
    (local $box (ref $box)) (local $end i64)
    (local.set $box (call $new_box (local.get $node)))
    (local.set $sum (call $value (local.get $node)))
    (block $done
      (loop $next
        (local.set $way (call $way (local.get $node) (local.get $call)))
        (br_if $done (i64.lt_s (local.get $way) (i64.const 0)))
        (local.set $child (i64.shr_u (local.get $way) (i64.const 8)))
        (local.set $way (i64.and (local.get $way) (i64.const 255)))
        (call $litter (i32.const 4))
        ;; A box on the operand stack, whatever happens.
        (call $new_box (i64.add (local.get $node) (i64.const 0x10000)))
        (if (i64.eq (local.get $way) (i64.const 2))
          (then (local.set $got (call $guarded (local.get $child))))
          (else
            (if (i64.eq (local.get $way) (i64.const 3))
              (then
                (local.set $got
                  (if (result i64) (local.get $handled)
                    (then (call $wait (local.get $child)))
                    (else (i64.const -4)))))
              (else
                (local.set $got
                  (call $call (local.get $way) (local.get $child)
                    (struct.new $known
                      (call $value (local.get $node)) (local.get $node))))))))
        (drop (call $check_box (i64.add (local.get $node) (i64.const 0x10000))))
        (local.set $sum (call $fold (local.get $sum) (local.get $got)))
        (local.set $call (i64.add (local.get $call) (i64.const 1)))
        (br $next)))
    (local.set $end (call $end (local.get $node)))
    (if (i64.eq (local.get $end) (i64.const 1))
      (then (unreachable)))
    (if (i64.eq (local.get $end) (i64.const 2))
      (then (throw $thrown (local.get $node) (call $new_box (local.get $node)))))
    (call $fold (local.get $sum) (call $check_box (local.get $box) (local.get $node))))
