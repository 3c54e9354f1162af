;; SHA-256 of n KiB: byte i of the message is i * 167 + (i >> 8), modulo 256.
;; run(n) = the first eight bytes of the digest, as a big-endian number
(module
  (memory 2)
  ;; 0: the eight words of the state; 64: the schedule of a block; 320: the constants;
  ;; 1024: one KiB of message, and then the padding.
  (data (i32.const 320)
    "\98\2f\8a\42\91\44\37\71\cf\fb\c0\b5\a5\db\b5\e9\5b\c2\56\39\f1\11\f1\59\a4\82\3f\92\d5\5e\1c\ab"
    "\98\aa\07\d8\01\5b\83\12\be\85\31\24\c3\7d\0c\55\74\5d\be\72\fe\b1\de\80\a7\06\dc\9b\74\f1\9b\c1"
    "\c1\69\9b\e4\86\47\be\ef\c6\9d\c1\0f\cc\a1\0c\24\6f\2c\e9\2d\aa\84\74\4a\dc\a9\b0\5c\da\88\f9\76"
    "\52\51\3e\98\6d\c6\31\a8\c8\27\03\b0\c7\7f\59\bf\f3\0b\e0\c6\47\91\a7\d5\51\63\ca\06\67\29\29\14"
    "\85\0a\b7\27\38\21\1b\2e\fc\6d\2c\4d\13\0d\38\53\54\73\0a\65\bb\0a\6a\76\2e\c9\c2\81\85\2c\72\92"
    "\a1\e8\bf\a2\4b\66\1a\a8\70\8b\4b\c2\a3\51\6c\c7\19\e8\92\d1\24\06\99\d6\85\35\0e\f4\70\a0\6a\10"
    "\16\c1\a4\19\08\6c\37\1e\4c\77\48\27\b5\bc\b0\34\b3\0c\1c\39\4a\aa\d8\4e\4f\ca\9c\5b\f3\6f\2e\68"
    "\ee\82\8f\74\6f\63\a5\78\14\78\c8\84\08\02\c7\8c\fa\ff\be\90\eb\6c\50\a4\f7\a3\f9\be\f2\78\71\c6")

  (func $start
    (i32.store offset=0 (i32.const 0) (i32.const 0x6a09e667))
    (i32.store offset=4 (i32.const 0) (i32.const 0xbb67ae85))
    (i32.store offset=8 (i32.const 0) (i32.const 0x3c6ef372))
    (i32.store offset=12 (i32.const 0) (i32.const 0xa54ff53a))
    (i32.store offset=16 (i32.const 0) (i32.const 0x510e527f))
    (i32.store offset=20 (i32.const 0) (i32.const 0x9b05688c))
    (i32.store offset=24 (i32.const 0) (i32.const 0x1f83d9ab))
    (i32.store offset=28 (i32.const 0) (i32.const 0x5be0cd19)))

  ;; Takes the 64 bytes at `at` into the state.
  (func $block (param $at i32)
    (local $i i32) (local $x i32) (local $y i32)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32)
    (local $e i32) (local $f i32) (local $g i32) (local $h i32)
    (loop $words
      (local.set $x (i32.load align=1 (i32.add (local.get $at) (local.get $i))))
      (i32.store offset=64 (local.get $i)
        (i32.or
          (i32.and (i32.rotl (local.get $x) (i32.const 8)) (i32.const 0x00ff00ff))
          (i32.and (i32.rotr (local.get $x) (i32.const 8)) (i32.const 0xff00ff00))))
      (br_if $words
        (i32.ne
          (local.tee $i (i32.add (local.get $i) (i32.const 4)))
          (i32.const 64))))
    (local.set $i (i32.const 0))
    (loop $expand
      (local.set $x (i32.load offset=68 (local.get $i)))
      (local.set $y (i32.load offset=120 (local.get $i)))
      (i32.store offset=128 (local.get $i)
        (i32.add
          (i32.add
            (i32.add (i32.load offset=64 (local.get $i)) (i32.load offset=100 (local.get $i)))
            (i32.xor
              (i32.xor
                (i32.rotr (local.get $x) (i32.const 7))
                (i32.rotr (local.get $x) (i32.const 18)))
              (i32.shr_u (local.get $x) (i32.const 3))))
          (i32.xor
            (i32.xor
              (i32.rotr (local.get $y) (i32.const 17))
              (i32.rotr (local.get $y) (i32.const 19)))
            (i32.shr_u (local.get $y) (i32.const 10)))))
      (br_if $expand
        (i32.ne
          (local.tee $i (i32.add (local.get $i) (i32.const 4)))
          (i32.const 192))))
    (local.set $a (i32.load offset=0 (i32.const 0)))
    (local.set $b (i32.load offset=4 (i32.const 0)))
    (local.set $c (i32.load offset=8 (i32.const 0)))
    (local.set $d (i32.load offset=12 (i32.const 0)))
    (local.set $e (i32.load offset=16 (i32.const 0)))
    (local.set $f (i32.load offset=20 (i32.const 0)))
    (local.set $g (i32.load offset=24 (i32.const 0)))
    (local.set $h (i32.load offset=28 (i32.const 0)))
    (local.set $i (i32.const 0))
    (loop $rounds
      (local.set $x
        (i32.add
          (i32.add
            (i32.add
              (i32.add
                (local.get $h)
                (i32.xor
                  (i32.xor
                    (i32.rotr (local.get $e) (i32.const 6))
                    (i32.rotr (local.get $e) (i32.const 11)))
                  (i32.rotr (local.get $e) (i32.const 25))))
              (i32.xor
                (i32.and (i32.xor (local.get $f) (local.get $g)) (local.get $e))
                (local.get $g)))
            (i32.load offset=320 (local.get $i)))
          (i32.load offset=64 (local.get $i))))
      (local.set $y
        (i32.add
          (i32.xor
            (i32.xor
              (i32.rotr (local.get $a) (i32.const 2))
              (i32.rotr (local.get $a) (i32.const 13)))
            (i32.rotr (local.get $a) (i32.const 22)))
          (i32.or
            (i32.and (i32.or (local.get $a) (local.get $b)) (local.get $c))
            (i32.and (local.get $a) (local.get $b)))))
      (local.set $h (local.get $g))
      (local.set $g (local.get $f))
      (local.set $f (local.get $e))
      (local.set $e (i32.add (local.get $d) (local.get $x)))
      (local.set $d (local.get $c))
      (local.set $c (local.get $b))
      (local.set $b (local.get $a))
      (local.set $a (i32.add (local.get $x) (local.get $y)))
      (br_if $rounds
        (i32.ne
          (local.tee $i (i32.add (local.get $i) (i32.const 4)))
          (i32.const 256))))
    (i32.store offset=0 (i32.const 0) (i32.add (i32.load offset=0 (i32.const 0)) (local.get $a)))
    (i32.store offset=4 (i32.const 0) (i32.add (i32.load offset=4 (i32.const 0)) (local.get $b)))
    (i32.store offset=8 (i32.const 0) (i32.add (i32.load offset=8 (i32.const 0)) (local.get $c)))
    (i32.store offset=12 (i32.const 0) (i32.add (i32.load offset=12 (i32.const 0)) (local.get $d)))
    (i32.store offset=16 (i32.const 0) (i32.add (i32.load offset=16 (i32.const 0)) (local.get $e)))
    (i32.store offset=20 (i32.const 0) (i32.add (i32.load offset=20 (i32.const 0)) (local.get $f)))
    (i32.store offset=24 (i32.const 0) (i32.add (i32.load offset=24 (i32.const 0)) (local.get $g)))
    (i32.store offset=28 (i32.const 0) (i32.add (i32.load offset=28 (i32.const 0)) (local.get $h))))

  ;; The KiB of the message that starts at byte `from`.
  (func $fill (param $from i32)
    (local $i i32) (local $byte i32)
    (loop $bytes
      (local.set $byte (i32.add (local.get $from) (local.get $i)))
      (i32.store8 offset=1024 (local.get $i)
        (i32.add
          (i32.mul (local.get $byte) (i32.const 167))
          (i32.shr_u (local.get $byte) (i32.const 8))))
      (br_if $bytes
        (i32.ne
          (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (i32.const 1024)))))

  ;; The last block: a one bit, zeros, and the message's bits as a 64-bit number.
  (func $pad (param $kib i32)
    (local $bits i64)
    (local.set $bits (i64.shl (i64.extend_i32_u (local.get $kib)) (i64.const 13)))
    (memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))
    (i32.store8 (i32.const 1024) (i32.const 0x80))
    (i32.store offset=1080 (i32.const 0)
      (call $swap (i32.wrap_i64 (i64.shr_u (local.get $bits) (i64.const 32)))))
    (i32.store offset=1084 (i32.const 0) (call $swap (i32.wrap_i64 (local.get $bits)))))

  (func $swap (param $x i32) (result i32)
    (i32.or
      (i32.and (i32.rotl (local.get $x) (i32.const 8)) (i32.const 0x00ff00ff))
      (i32.and (i32.rotr (local.get $x) (i32.const 8)) (i32.const 0xff00ff00))))

  (func (export "run") (param $n i32) (result i64)
    (local $kib i32) (local $at i32)
    (call $start)
    (loop $message
      (call $fill (i32.shl (local.get $kib) (i32.const 10)))
      (local.set $at (i32.const 1024))
      (loop $blocks
        (call $block (local.get $at))
        (br_if $blocks
          (i32.ne
            (local.tee $at (i32.add (local.get $at) (i32.const 64)))
            (i32.const 2048))))
      (br_if $message
        (i32.ne
          (local.tee $kib (i32.add (local.get $kib) (i32.const 1)))
          (local.get $n))))
    (call $pad (local.get $n))
    (call $block (i32.const 1024))
    (i64.or
      (i64.shl (i64.extend_i32_u (i32.load offset=0 (i32.const 0))) (i64.const 32))
      (i64.extend_i32_u (i32.load offset=4 (i32.const 0))))))
