;; The Jovian planets and the sun, n steps of 0.01 days, all pairs in each step.
;; A body is seven f64 in linear memory: position, velocity, mass.
;; run(n) = the bits of the system's energy after n steps
(module
  (memory 1)

  (func $body (param $at i32)
    (param $x f64) (param $y f64) (param $z f64)
    (param $vx f64) (param $vy f64) (param $vz f64) (param $mass f64)
    (f64.store (local.get $at) (local.get $x))
    (f64.store offset=8 (local.get $at) (local.get $y))
    (f64.store offset=16 (local.get $at) (local.get $z))
    (f64.store offset=24 (local.get $at) (f64.mul (local.get $vx) (f64.const 365.24)))
    (f64.store offset=32 (local.get $at) (f64.mul (local.get $vy) (f64.const 365.24)))
    (f64.store offset=40 (local.get $at) (f64.mul (local.get $vz) (f64.const 365.24)))
    (f64.store offset=48 (local.get $at) (f64.mul (local.get $mass) (f64.const 39.47841760435743))))

  (func $place
    (call $body (i32.const 1024)
      (f64.const 0) (f64.const 0) (f64.const 0)
      (f64.const 0) (f64.const 0) (f64.const 0)
      (f64.const 1))
    (call $body (i32.const 1080)
      (f64.const 4.841431442464721) (f64.const -1.1603200440274284) (f64.const -0.10362204447112311)
      (f64.const 0.001660076642744037) (f64.const 0.007699011184197404) (f64.const -0.0000690460016972063)
      (f64.const 0.0009547919384243266))
    (call $body (i32.const 1136)
      (f64.const 8.34336671824458) (f64.const 4.124798564124305) (f64.const -0.4035234171143214)
      (f64.const -0.002767425107268624) (f64.const 0.004998528012349172) (f64.const 0.000023041729757376393)
      (f64.const 0.0002858859806661308))
    (call $body (i32.const 1192)
      (f64.const 12.894369562139131) (f64.const -15.111151401698631) (f64.const -0.22330757889265573)
      (f64.const 0.002964601375647616) (f64.const 0.0023784717395948095) (f64.const -0.000029658956854023756)
      (f64.const 0.00004366244043351563))
    (call $body (i32.const 1248)
      (f64.const 15.379697114850917) (f64.const -25.919314609987964) (f64.const 0.17925877295037118)
      (f64.const 0.0026806777249038932) (f64.const 0.001628241700382423) (f64.const -0.00009515922545197159)
      (f64.const 0.00005151389020466115)))

  ;; One step: every pair attracts, then every body moves.
  (func $advance (param $dt f64)
    (local $a i32) (local $b i32)
    (local $x f64) (local $y f64) (local $z f64) (local $mass f64)
    (local $vx f64) (local $vy f64) (local $vz f64)
    (local $dx f64) (local $dy f64) (local $dz f64)
    (local $squared f64) (local $pull f64) (local $share f64)
    (local.set $a (i32.const 1024))
    (loop $bodies
      (local.set $x (f64.load (local.get $a)))
      (local.set $y (f64.load offset=8 (local.get $a)))
      (local.set $z (f64.load offset=16 (local.get $a)))
      (local.set $vx (f64.load offset=24 (local.get $a)))
      (local.set $vy (f64.load offset=32 (local.get $a)))
      (local.set $vz (f64.load offset=40 (local.get $a)))
      (local.set $mass (f64.load offset=48 (local.get $a)))
      (local.set $b (i32.add (local.get $a) (i32.const 56)))
      (loop $others
        (local.set $dx (f64.sub (local.get $x) (f64.load (local.get $b))))
        (local.set $dy (f64.sub (local.get $y) (f64.load offset=8 (local.get $b))))
        (local.set $dz (f64.sub (local.get $z) (f64.load offset=16 (local.get $b))))
        (local.set $squared
          (f64.add
            (f64.add
              (f64.mul (local.get $dx) (local.get $dx))
              (f64.mul (local.get $dy) (local.get $dy)))
            (f64.mul (local.get $dz) (local.get $dz))))
        (local.set $pull
          (f64.div
            (local.get $dt)
            (f64.mul (local.get $squared) (f64.sqrt (local.get $squared)))))
        (local.set $share (f64.mul (f64.load offset=48 (local.get $b)) (local.get $pull)))
        (local.set $vx (f64.sub (local.get $vx) (f64.mul (local.get $dx) (local.get $share))))
        (local.set $vy (f64.sub (local.get $vy) (f64.mul (local.get $dy) (local.get $share))))
        (local.set $vz (f64.sub (local.get $vz) (f64.mul (local.get $dz) (local.get $share))))
        (local.set $share (f64.mul (local.get $mass) (local.get $pull)))
        (f64.store offset=24 (local.get $b)
          (f64.add (f64.load offset=24 (local.get $b)) (f64.mul (local.get $dx) (local.get $share))))
        (f64.store offset=32 (local.get $b)
          (f64.add (f64.load offset=32 (local.get $b)) (f64.mul (local.get $dy) (local.get $share))))
        (f64.store offset=40 (local.get $b)
          (f64.add (f64.load offset=40 (local.get $b)) (f64.mul (local.get $dz) (local.get $share))))
        (local.set $b (i32.add (local.get $b) (i32.const 56)))
        (br_if $others (i32.ne (local.get $b) (i32.const 1304))))
      (f64.store offset=24 (local.get $a) (local.get $vx))
      (f64.store offset=32 (local.get $a) (local.get $vy))
      (f64.store offset=40 (local.get $a) (local.get $vz))
      (local.set $a (i32.add (local.get $a) (i32.const 56)))
      (br_if $bodies (i32.ne (local.get $a) (i32.const 1248))))
    (local.set $a (i32.const 1024))
    (loop $move
      (f64.store (local.get $a)
        (f64.add
          (f64.load (local.get $a))
          (f64.mul (local.get $dt) (f64.load offset=24 (local.get $a)))))
      (f64.store offset=8 (local.get $a)
        (f64.add
          (f64.load offset=8 (local.get $a))
          (f64.mul (local.get $dt) (f64.load offset=32 (local.get $a)))))
      (f64.store offset=16 (local.get $a)
        (f64.add
          (f64.load offset=16 (local.get $a))
          (f64.mul (local.get $dt) (f64.load offset=40 (local.get $a)))))
      (local.set $a (i32.add (local.get $a) (i32.const 56)))
      (br_if $move (i32.ne (local.get $a) (i32.const 1304)))))

  (func $distance (param $a i32) (param $b i32) (result f64)
    (local $dx f64) (local $dy f64) (local $dz f64)
    (local.set $dx (f64.sub (f64.load (local.get $a)) (f64.load (local.get $b))))
    (local.set $dy (f64.sub (f64.load offset=8 (local.get $a)) (f64.load offset=8 (local.get $b))))
    (local.set $dz (f64.sub (f64.load offset=16 (local.get $a)) (f64.load offset=16 (local.get $b))))
    (f64.sqrt
      (f64.add
        (f64.add
          (f64.mul (local.get $dx) (local.get $dx))
          (f64.mul (local.get $dy) (local.get $dy)))
        (f64.mul (local.get $dz) (local.get $dz)))))

  (func $energy (result f64)
    (local $a i32) (local $b i32) (local $sum f64)
    (local.set $a (i32.const 1024))
    (loop $bodies
      (local.set $sum
        (f64.add
          (local.get $sum)
          (f64.mul
            (f64.mul (f64.const 0.5) (f64.load offset=48 (local.get $a)))
            (f64.add
              (f64.add
                (f64.mul (f64.load offset=24 (local.get $a)) (f64.load offset=24 (local.get $a)))
                (f64.mul (f64.load offset=32 (local.get $a)) (f64.load offset=32 (local.get $a))))
              (f64.mul (f64.load offset=40 (local.get $a)) (f64.load offset=40 (local.get $a)))))))
      (local.set $b (i32.add (local.get $a) (i32.const 56)))
      (block $last
        (loop $others
          (br_if $last (i32.ge_u (local.get $b) (i32.const 1304)))
          (local.set $sum
            (f64.sub
              (local.get $sum)
              (f64.div
                (f64.mul (f64.load offset=48 (local.get $a)) (f64.load offset=48 (local.get $b)))
                (call $distance (local.get $a) (local.get $b)))))
          (local.set $b (i32.add (local.get $b) (i32.const 56)))
          (br $others)))
      (local.set $a (i32.add (local.get $a) (i32.const 56)))
      (br_if $bodies (i32.ne (local.get $a) (i32.const 1304))))
    (local.get $sum))

  (func (export "run") (param $n i32) (result i64)
    (call $place)
    (loop $steps
      (call $advance (f64.const 0.01))
      (br_if $steps
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.reinterpret_f64 (call $energy))))
