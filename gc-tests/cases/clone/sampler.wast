;; A small probabilistic program: rain, a sprinkler, wet grass. The handler of its choices
;; goes all ways, each with its probability, or as many as it wants of one, at random: a
;; clone for each.
;; config: --continuation-clone
(module
  (type $model (func (param i32) (result i32)))
  (type $k (cont $model))
  (import "mangrove" "clone_cont" (func $clone (param (ref $k)) (result (ref $k))))
  (type $world (struct (field $rain i32) (field $sprinkler i32)))
  ;; True with this probability?
  (tag $flip (param f64) (result i32))
  ;; The grass was wet, which has this probability in the world as it is by now.
  (tag $observe (param f64) (result i32))

  (func $wet (param $world (ref $world)) (result f64)
    (if (result f64) (struct.get $world $sprinkler (local.get $world))
      (then (if (result f64) (struct.get $world $rain (local.get $world))
        (then (f64.const 0.99)) (else (f64.const 0.9))))
      (else (if (result f64) (struct.get $world $rain (local.get $world))
        (then (f64.const 0.8)) (else (f64.const 0))))))
  ;; Whether it rained.
  (func $body (type $model) (local $rain i32) (local $world (ref null $world))
    (local.set $rain (suspend $flip (f64.const 0.2)))
    (local.set $world (struct.new $world (local.get $rain)
      (suspend $flip
        (if (result f64) (local.get $rain) (then (f64.const 0.01)) (else (f64.const 0.4))))))
    (drop (suspend $observe (call $wet (ref.as_non_null (local.get $world)))))
    (struct.get $world $rain (local.get $world)))
  (elem declare func $body)

  ;; Every way: how probable rain, and any weather, is with what was observed.
  (func $enumerate (param $k (ref $k)) (param $answer i32) (param $weight f64) (result f64 f64)
    (local $other (ref null $k)) (local $p f64) (local $rain f64) (local $any f64)
    (block $observed (result f64 (ref $k))
      (block $flipped (result f64 (ref $k))
        (local.set $rain (f64.mul (local.get $weight) (f64.convert_i32_s
          (resume $k (on $flip $flipped) (on $observe $observed)
            (local.get $answer) (local.get $k)))))
        (return (local.get $rain) (local.get $weight)))
      (local.set $k) (local.set $p)
      (local.set $other (call $clone (local.get $k)))
      (call $enumerate (local.get $k) (i32.const 1)
        (f64.mul (local.get $weight) (local.get $p)))
      (local.set $any) (local.set $rain)
      (call $enumerate (ref.as_non_null (local.get $other)) (i32.const 0)
        (f64.mul (local.get $weight) (f64.sub (f64.const 1) (local.get $p))))
      (local.set $p) (local.set $weight)
      (return
        (f64.add (local.get $rain) (local.get $weight))
        (f64.add (local.get $any) (local.get $p))))
    (local.set $k) (local.set $p)
    (call $enumerate (local.get $k) (i32.const 0) (f64.mul (local.get $weight) (local.get $p))))

  (global $seed (mut i64) (i64.const 7))
  (func $random (result f64)
    (global.set $seed (i64.add (i64.const 1442695040888963407)
      (i64.mul (global.get $seed) (i64.const 6364136223846793005))))
    (f64.div
      (f64.convert_i64_u (i64.shr_u (global.get $seed) (i64.const 11)))
      (f64.const 0x1p53)))
  ;; One way at random: whether it rained there, and its weight by what was observed.
  (func $sample (param $k (ref $k)) (param $answer i32) (result i32 f64)
    (local $weight f64) (local $p f64)
    (local.set $weight (f64.const 1))
    (loop $on
      (block $observed (result f64 (ref $k))
        (block $flipped (result f64 (ref $k))
          (return
            (resume $k (on $flip $flipped) (on $observe $observed)
              (local.get $answer) (local.get $k))
            (local.get $weight)))
        (local.set $k) (local.set $p)
        (local.set $answer (f64.lt (call $random) (local.get $p)))
        (br $on))
      (local.set $k) (local.set $p)
      (local.set $weight (f64.mul (local.get $weight) (local.get $p)))
      (br $on))
    (unreachable))

  (func $ratio (param $rain f64) (param $any f64) (result f64)
    (f64.div (local.get $rain) (local.get $any)))
  (func $near (param $is f64) (param $want f64) (param $by f64) (result i32)
    (f64.lt (f64.abs (f64.sub (local.get $is) (local.get $want))) (local.get $by)))

  (func (export "exactly") (result i32)
    (call $near
      (call $ratio
        (call $enumerate (cont.new $k (ref.func $body)) (i32.const 0) (f64.const 1)))
      (f64.const 0.3576876756322762) (f64.const 1e-15)))
  ;; So many samples of one model: each is a clone of it.
  (func (export "by_sampling") (param $count i32) (param $by f64) (result i32)
    (local $k (ref $k)) (local $rain f64) (local $any f64) (local $weight f64) (local $rained i32)
    (local.set $k (cont.new $k (ref.func $body)))
    (loop $more
      (call $sample (call $clone (local.get $k)) (i32.const 0))
      (local.set $weight) (local.set $rained)
      (local.set $any (f64.add (local.get $any) (local.get $weight)))
      (local.set $rain (f64.add (local.get $rain)
        (f64.mul (local.get $weight) (f64.convert_i32_s (local.get $rained)))))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $more (local.get $count)))
    (call $near (call $ratio (local.get $rain) (local.get $any))
      (f64.const 0.3576876756322762) (local.get $by))))

(assert_return (invoke "exactly") (i32.const 1))
(assert_return (invoke "by_sampling" (i32.const 2000) (f64.const 0.03)) (i32.const 1))
