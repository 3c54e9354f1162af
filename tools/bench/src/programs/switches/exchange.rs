//! Two continuations that switch to each other.

use super::{Known, SWITCH, TURNS, counted, each, row};

/// Two chains of `depth` continuations that switch to each other n times,
/// handing over `values` values besides a counter and the partner.
pub fn switch(values: u32, depth: u32) -> Known {
    let types = each(values, "i64 ");
    let params = each(values, "(param $v# i64) ");
    let zeros = each(values, "(i64.const #) ");
    let turns = turns(values);
    let enter = match depth {
        1 => turns.clone(),
        _ => nest(values, &format!("(i32.const {})", depth - 2)),
    };
    let nested = nest(values, "(i32.sub (local.get $depth) (i32.const 1))");
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
        {turns})
      (func (export \"run\") (param $n i32) (result i64)
        (resume $chain (on $exchange switch)
          (local.get $n) {zeros}(cont.new $chain (ref.func $enter))
          (cont.new $chain (ref.func $enter)))
        (global.get $sum)))"
    );
    row(
        format!("switch-v{values}-d{depth}"),
        format!("switch, {}, depth {depth}", counted(values)),
        TURNS,
        SWITCH,
        source,
    )
}

/// The innermost continuation's loop: away until n is 0, then the sum of the values.
fn turns(values: u32) -> String {
    let bumped = each(values, "(i64.add (local.get $v#) (i64.const 1)) ");
    let sum = each(
        values,
        "(global.set $sum (i64.add (global.get $sum) (local.get $v#))) ",
    );
    let take: String = (0..values)
        .rev()
        .map(|value| format!("(local.set $v{value}) "))
        .collect();
    format!(
        "(loop $again
          (if (i32.eqz (local.get $n)) (then {sum}(return)))
          (switch $chain $exchange
            (i32.sub (local.get $n) (i32.const 1)) {bumped}(local.get $partner))
          (local.set $partner)
          {take}(local.set $n)
          (br $again))"
    )
}

/// A resume of a further continuation, `depth` more below it, whose handler
/// does not match.
fn nest(values: u32, depth: &str) -> String {
    let operands = each(values, "(local.get $v#) ");
    format!(
        "(block $never (result (ref $suspended))
          (resume $nested (on $other $never)
            {depth} (local.get $n) {operands}(local.get $partner)
            (cont.new $nested (ref.func $descend)))
          (return))
        (unreachable)"
    )
}
