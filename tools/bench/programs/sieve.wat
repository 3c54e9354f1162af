;; The first n primes, sieved by a chain of generators: the last one counts, each of the
;; others lets through what its own prime does not divide. Every prime adds one.
;; run(n) = the sum of the first n primes
(module
  (type $step (func))
  (type $generator (cont $step))
  (type $start (func (param i32 (ref $generator))))
  (type $fresh (cont $start))
  (tag $yield (param i32))
  (elem declare func $count $sieve)

  (func $count
    (local $i i32)
    (local.set $i (i32.const 2))
    (loop $again
      (suspend $yield (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $again)))

  (func $sieve (param $prime i32) (param $source (ref $generator))
    (local $candidate i32)
    (loop $again
      (block $next (result i32 (ref $generator))
        (resume $generator (on $yield $next) (local.get $source))
        (return))
      (local.set $source)
      (local.set $candidate)
      (if (i32.rem_u (local.get $candidate) (local.get $prime))
        (then (suspend $yield (local.get $candidate))))
      (br $again)))

  (func (export "run") (param $n i32) (result i64)
    (local $chain (ref null $generator)) (local $prime i32) (local $sum i64)
    (local.set $chain (cont.new $generator (ref.func $count)))
    (loop $primes
      (block $next (result i32 (ref $generator))
        (resume $generator (on $yield $next) (local.get $chain))
        (return (i64.const 0)))
      (local.set $chain)
      (local.set $prime)
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $prime))))
      (local.set $chain
        (cont.bind $fresh $generator
          (local.get $prime)
          (ref.as_non_null (local.get $chain))
          (cont.new $fresh (ref.func $sieve))))
      (br_if $primes
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
