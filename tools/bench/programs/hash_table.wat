;; A hash table in linear memory, open addressing with linear probing. n times a key is
;; counted in, each key twice; n times one is looked up, every other one in vain.
;; A place is a key and a value, both i32; key 0 is free. At most half of them are taken.
;; run(n) = the sum of the values found, times 2^32, plus how many keys were not found
(module
  (memory 1)

  ;; The place of `key`, or the free one where it belongs, in a table of 2^(32 - shift) places.
  (func $place (param $key i32) (param $shift i32) (param $last i32) (result i32)
    (local $at i32) (local $found i32)
    (local.set $at
      (i32.and
        (i32.shr_u
          (i32.mul (local.get $key) (i32.const 0x9e3779b1))
          (i32.sub (local.get $shift) (i32.const 3)))
        (i32.const -8)))
    (loop $probe
      (block $take
        (local.set $found (i32.load (local.get $at)))
        (br_if $take (i32.eqz (local.get $found)))
        (br_if $take (i32.eq (local.get $found) (local.get $key)))
        (local.set $at
          (i32.and (i32.add (local.get $at) (i32.const 8)) (local.get $last)))
        (br $probe)))
    (local.get $at))

  ;; The i-th key, never 0; its lowest bit tells those that are looked up in vain.
  (func $key (param $i i32) (param $absent i32) (result i32)
    (i32.or
      (i32.or
        (i32.shl
          (i32.and
            (i32.mul (local.get $i) (i32.const 0x2545f491))
            (i32.const 0x1fffffff))
          (i32.const 2))
        (i32.const 2))
      (local.get $absent)))

  (func (export "run") (param $n i32) (result i64)
    (local $shift i32) (local $bytes i32) (local $last i32) (local $pages i32)
    (local $i i32) (local $at i32) (local $key i32) (local $sum i64) (local $missed i64)
    (local.set $shift (i32.sub (i32.clz (local.get $n)) (i32.const 1)))
    (local.set $bytes (i32.shl (i32.const 8) (i32.sub (i32.const 32) (local.get $shift))))
    (local.set $last (i32.sub (local.get $bytes) (i32.const 8)))
    (local.set $pages (i32.shr_u (i32.add (local.get $bytes) (i32.const 65535)) (i32.const 16)))
    (if (i32.lt_u (memory.size) (local.get $pages))
      (then (drop (memory.grow (i32.sub (local.get $pages) (memory.size))))))
    (memory.fill (i32.const 0) (i32.const 0) (local.get $bytes))
    (loop $insert
      (local.set $key (call $key (i32.shr_u (local.get $i) (i32.const 1)) (i32.const 0)))
      (local.set $at (call $place (local.get $key) (local.get $shift) (local.get $last)))
      (i32.store (local.get $at) (local.get $key))
      (i32.store offset=4 (local.get $at)
        (i32.add (i32.load offset=4 (local.get $at)) (local.get $i)))
      (br_if $insert
        (i32.ne
          (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (local.get $n))))
    (local.set $i (i32.const 0))
    (loop $find
      (local.set $key
        (call $key (i32.shr_u (local.get $i) (i32.const 1)) (i32.and (local.get $i) (i32.const 1))))
      (local.set $at (call $place (local.get $key) (local.get $shift) (local.get $last)))
      (if (i32.load (local.get $at))
        (then
          (local.set $sum
            (i64.add (local.get $sum) (i64.load32_u offset=4 (local.get $at)))))
        (else
          (local.set $missed (i64.add (local.get $missed) (i64.const 1)))))
      (br_if $find
        (i32.ne
          (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (local.get $n))))
    (i64.add (i64.shl (local.get $sum) (i64.const 32)) (local.get $missed))))
