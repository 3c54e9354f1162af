//! One `suspend` and the `resume` after it.

use super::{Known, PAIR, TURNS, counted, each, grouped, row};

/// A generator that hands out `values` values at each of n suspensions, below
/// `depth` resumes.
pub fn pair(values: u32, depth: u32) -> Known {
    let generate = format!(
        "(loop $again
          (suspend $yield {})
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))",
        each(values, "(i64.extend_i32_u (local.get $n)) ")
    );
    let body = format!(
        "(if (local.get $depth)
          (then
            (block $never (result (ref $suspended))
              (resume $fresh (on $other $never)
                (i32.sub (local.get $depth) (i32.const 1))
                (local.get $n)
                (cont.new $fresh (ref.func $generator)))
              (return))
            (unreachable)))
        {generate}"
    );
    row(
        format!("pair-v{values}-d{depth}"),
        format!("pair, {}, depth {depth}", counted(values)),
        TURNS,
        PAIR,
        generator(values, depth - 1, &body, ""),
    )
}

/// The suspension is in a function that the generator calls for each value.
pub fn in_call() -> Known {
    let body = "(loop $again
          (call $emit (i64.extend_i32_u (local.get $n)))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))";
    let emit = "(func $emit (param $value i64) (suspend $yield (local.get $value)))";
    row(
        "pair-in-call".to_owned(),
        "pair, 1 value, in a called function".to_owned(),
        TURNS,
        PAIR,
        generator(1, 0, body, emit),
    )
}

/// The suspensions are `frames` calls deep in the generator.
pub fn deep(frames: u32) -> Known {
    let body = "(if (local.get $depth)
          (then
            (call $generator (i32.sub (local.get $depth) (i32.const 1)) (local.get $n))
            (return)))
        (loop $again
          (suspend $yield (i64.extend_i32_u (local.get $n)))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))";
    row(
        format!("pair-deep{frames}"),
        format!("pair, 1 value, {frames} frames deep"),
        TURNS,
        PAIR,
        generator(1, frames, body, ""),
    )
}

/// A module whose `run(n)` resumes a generator until it returns, and sums up
/// what it hands out, and one for each suspension.
fn generator(values: u32, depth: u32, body: &str, more: &str) -> String {
    let types = each(values, "i64 ");
    let take = format!(
        "(local.set $next)
        {}(local.set $sum (i64.add (local.get $sum) (i64.const 1)))",
        each(
            values,
            "(local.set $value)
        (local.set $sum (i64.add (local.get $sum) (local.get $value)))
        "
        )
    );
    format!(
        "(module
      (type $start (func (param i32 i32)))
      (type $fresh (cont $start))
      (type $step (func))
      (type $suspended (cont $step))
      (tag $yield (param {types}))
      (tag $other)
      (elem declare func $generator)
      {more}
      (func $generator (param $depth i32) (param $n i32)
        {body})
      (func (export \"run\") (param $n i32) (result i64)
        (local $sum i64) (local $value i64) (local $next (ref null $suspended))
        (block $first (result {types} (ref $suspended))
          (resume $fresh (on $yield $first)
            (i32.const {depth}) (local.get $n)
            (cont.new $fresh (ref.func $generator)))
          (return (i64.const 0)))
        {take}
        (loop $again
          (block $more (result {types} (ref $suspended))
            (resume $suspended (on $yield $more) (local.get $next))
            (return (local.get $sum)))
          {take}
          (br $again))
        (unreachable)))"
    )
}

/// `count` endless generators, resumed one after the other, round after round.
/// The first call of `run` makes them: the second one measures pairs only.
pub fn generators(count: u32) -> Known {
    let source = format!(
        "(module
      (type $step (func))
      (type $generator (cont $step))
      (tag $yield (param i64))
      (table $all {count} (ref null $generator))
      (elem declare func $generate)
      (func $generate
        (local $i i64)
        (loop $again
          (suspend $yield (local.get $i))
          (local.set $i (i64.add (local.get $i) (i64.const 1)))
          (br $again)))
      (func $make
        (local $at i32)
        (loop $again
          (table.set $all (local.get $at) (cont.new $generator (ref.func $generate)))
          (br_if $again
            (i32.ne
              (local.tee $at (i32.add (local.get $at) (i32.const 1)))
              (i32.const {count})))))
      (func (export \"run\") (param $n i32) (result i64)
        (local $sum i64) (local $at i32) (local $next (ref null $generator))
        (if (ref.is_null (table.get $all (i32.const 0))) (then (call $make)))
        (loop $again
          (block $more (result i64 (ref $generator))
            (resume $generator (on $yield $more) (table.get $all (local.get $at)))
            (unreachable))
          (local.set $next)
          (i64.add (local.get $sum))
          (local.set $sum)
          (table.set $all (local.get $at) (local.get $next))
          (local.set $at
            (i32.and (i32.add (local.get $at) (i32.const 1)) (i32.const {mask})))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum)))",
        mask = count - 1
    );
    row(
        format!("generators-{count}"),
        format!(
            "pair, 1 value, {} generators in turn",
            grouped(count as i32)
        ),
        TURNS,
        PAIR,
        source,
    )
}
