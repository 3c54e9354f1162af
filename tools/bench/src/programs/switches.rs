//! The switch table: programs that do nothing but move between stacks, made
//! from templates so that their rows differ in one thing at a time.
//!
//! ```text
//!  depth 1            depth 3
//!
//!  run ─ on $yield    run ─ on $yield               what is suspended or switched
//!   └─ generator       └─ resume ─ on $other        away from is the whole chain
//!                          └─ resume ─ on $other    below the handler of `run`
//!                              └─ generator
//! ```

use super::{Known, Per};

/// A handler that is never reached is what each enclosing `resume` has.
const DEPTHS: [u32; 3] = [1, 4, 16];
const VALUES: [u32; 3] = [0, 1, 4];

/// Pairs and switches in a row: a tenth of a second or so on the faster engine.
const TURNS: i32 = 10_000_000;
/// Continuations in a row that Wasmtime, which frees none, can make twice.
const FEW: i32 = 15_000;
const MANY: i32 = 1_000_000;

const PAIR: Per = Per::one("pair");
const SWITCH: Per = Per::one("switch");
const CONTINUATION: Per = Per::one("continuation");

/// All rows, in the order of the table.
pub fn table() -> Vec<Known> {
    let mut rows = Vec::new();
    for depth in DEPTHS {
        for values in VALUES {
            rows.push(pair(values, depth));
        }
    }
    rows.extend([pair(0, 11), pair_in_call(), pair_deep(100)]);
    rows.extend([generators(1024), generators(8192)]);
    for depth in DEPTHS {
        for values in VALUES {
            rows.push(switch(values, depth));
        }
    }
    for count in [FEW, MANY] {
        rows.extend([create_run(count), create_suspend(count)]);
    }
    rows.push(create_run_fresh());
    rows
}

fn row(name: String, about: String, arg: i32, per: Per, source: String) -> Known {
    Known {
        name,
        source,
        arg,
        about,
        per: Some(per),
    }
}

fn counted(values: u32) -> String {
    format!("{values} {}", if values == 1 { "value" } else { "values" })
}

/// `text` for each value, with its number for `#`.
fn each(values: u32, text: &str) -> String {
    (0..values)
        .map(|value| text.replace('#', &value.to_string()))
        .collect()
}

/// A generator that hands out `values` values at each of n suspensions, below
/// `depth` resumes.
fn pair(values: u32, depth: u32) -> Known {
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
fn pair_in_call() -> Known {
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
fn pair_deep(frames: u32) -> Known {
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
fn generators(count: u32) -> Known {
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
            super::grouped(count as i32)
        ),
        TURNS,
        PAIR,
        source,
    )
}

/// Two chains of `depth` continuations that switch to each other n times,
/// handing over `values` values besides a counter and the partner.
fn switch(values: u32, depth: u32) -> Known {
    let types = each(values, "i64 ");
    let params = each(values, "(param $v# i64) ");
    let operands = each(values, "(local.get $v#) ");
    let take: String = (0..values)
        .rev()
        .map(|value| format!("(local.set $v{value}) "))
        .collect();
    let bumped = each(values, "(i64.add (local.get $v#) (i64.const 1)) ");
    let sum = each(
        values,
        "(global.set $sum (i64.add (global.get $sum) (local.get $v#))) ",
    );
    let exchange = format!(
        "(loop $again
          (if (i32.eqz (local.get $n)) (then {sum}(return)))
          (switch $chain $exchange
            (i32.sub (local.get $n) (i32.const 1)) {bumped}(local.get $partner))
          (local.set $partner)
          {take}(local.set $n)
          (br $again))"
    );
    let nest = |depth: &str| {
        format!(
            "(block $never (result (ref $suspended))
          (resume $nested (on $other $never)
            {depth} (local.get $n) {operands}(local.get $partner)
            (cont.new $nested (ref.func $descend)))
          (return))
        (unreachable)"
        )
    };
    let below = "(i32.sub (local.get $depth) (i32.const 1))";
    let enter = match depth {
        1 => exchange.clone(),
        _ => nest(&format!("(i32.const {})", depth - 2)),
    };
    let zeros = each(values, "(i64.const #) ");
    let source = format!(
        "(module
      (rec
        (type $enter (func (param i32 {types}(ref null $chain))))
        (type $chain (cont $enter)))
      (type $descend (func (param i32 i32 {types}(ref null $chain))))
      (type $nested (cont $descend))
      (type $step (func))
      (type $suspended (cont $step))
      (tag $exchange)
      (tag $other)
      (global $sum (mut i64) (i64.const 0))
      (elem declare func $enter $descend)
      (func $enter (type $enter) (param $n i32) {params}(param $partner (ref null $chain))
        {enter})
      (func $descend
        (param $depth i32) (param $n i32) {params}(param $partner (ref null $chain))
        (if (local.get $depth) (then {nested}))
        {exchange})
      (func (export \"run\") (param $n i32) (result i64)
        (resume $chain (on $exchange switch)
          (local.get $n) {zeros}(cont.new $chain (ref.func $enter))
          (cont.new $chain (ref.func $enter)))
        (global.get $sum)))",
        nested = nest(below)
    );
    row(
        format!("switch-v{values}-d{depth}"),
        format!("switch, {}, depth {depth}", counted(values)),
        TURNS,
        SWITCH,
        source,
    )
}

fn create_run(count: i32) -> Known {
    row(
        format!("create-run-{count}"),
        format!("create, run to the end, {} times", super::grouped(count)),
        count,
        CONTINUATION,
        include_str!("../../programs/cont_new_run.wat").to_owned(),
    )
}

/// The same program: it is corosensei that takes a new stack each time.
fn create_run_fresh() -> Known {
    Known {
        name: "create-run-fresh".into(),
        about: "the same, corosensei on new stacks".into(),
        ..create_run(FEW)
    }
}

fn create_suspend(count: i32) -> Known {
    row(
        format!("create-suspend-{count}"),
        format!(
            "create, suspend once, finish, {} times",
            super::grouped(count)
        ),
        count,
        CONTINUATION,
        include_str!("../../programs/cont_suspend_once.wat").to_owned(),
    )
}
