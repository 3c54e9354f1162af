//! `effects`: exceptions and effects in one chain. Levels of continuations catch, clean up and
//! throw on, or are passed; what is thrown comes from inside, or from outside into the
//! middle of a chain that sleeps, as a new exception or as one that was caught before.
//!
//! ```text
//!  run ◀─ level 0 ◀─ level 1 (cleans up) ◀─ level 2 (catches $e1) ◀─ … ◀─ innermost: waits
//!   │                                         ▲─────────────────────────────┘ throws
//!   └ resume, resume_throw, resume_throw_ref: the same levels are in the way
//! ```
//!
//! Whoever catches counts it, and makes what was inside of it anew.
//!
//! Meant to break: the search for who catches, across suspended frames and parked ones; the
//! frames it goes on in; what is released of a chain and what is not; payloads of exceptions
//! that wait in a global; slots on the exceptional edges of calls and switches.

use crate::case::{Case, Size, Told};
use crate::programs::{fold, module, value};
use crate::suite::{Suite, play_case};
use mangrove_workers::Rng;
use std::fmt::Write;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "effects",
    about: "exceptions thrown inside of suspended chains and into them, caught, cleaned up after, kept",
    breaks: "who catches, in which frame; what ends with it; slots on exceptional edges; kept exceptions",
    least: 3,
    programs: true,
    play: |round, begin| play_case(round, begin, case, None),
};

/// Tags of exceptions.
const TAGS: usize = 3;

/// What a level does with an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing.
    Plain,
    /// Counts, and throws it on: `catch_all_ref` and `throw_ref`.
    CleansUp,
    /// Catches one tag: `catch`.
    Catches(usize),
    /// The same, and keeps the exception: `catch_ref`.
    Keeps(usize),
    /// Catches any, without looking: `catch_all`.
    CatchesAll,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Resumed: it hands out what it made, and waits again.
    Resume,
    /// Resumed, it throws.
    ThrowInside(usize),
    /// Thrown into it.
    ThrowInto(usize),
    /// The exception that was kept last is thrown into it.
    ThrowKept,
}

/// A case: up to 60 levels and a thousand steps at full size.
pub(crate) fn case(rng: &mut Rng, size: Size) -> Case {
    let count = rng.range(4, size.of(60, 8));
    let kinds: Vec<Kind> = (0..count)
        .map(|_| match rng.below(8) {
            0 | 1 => Kind::CleansUp,
            2 => Kind::Catches(rng.below(TAGS)),
            3 => Kind::Keeps(rng.below(TAGS)),
            4 if rng.one_in(4) => Kind::CatchesAll,
            _ => Kind::Plain,
        })
        .collect();
    let salt = rng.number() as i64;
    let mut model = Model::new(salt, &kinds);
    let steps: Vec<Step> = (0..size.of(1_000, 30))
        .map(|_| match rng.below(6) {
            0 | 1 => Step::Resume,
            2 => Step::ThrowInside(rng.below(TAGS)),
            3 | 4 => Step::ThrowInto(rng.below(TAGS)),
            _ => Step::ThrowKept,
        })
        .collect();
    for (number, &step) in (1..).zip(&steps) {
        model.step(step, number);
    }
    let every = (steps.len() / 20).max(1);
    Case {
        parameters: format!("levels={count} steps={}", steps.len()),
        wat: module(salt, &emit(&kinds, &steps, every)),
        arguments: Vec::new(),
        checksum: model.end(),
        collections: (steps.len() / every) as u64,
        continuations_in_objects: false,
        continuation_clone: false,
        told: Told::default(),
        place: |number| match number {
            i64::MIN => "the number of live continuations".to_owned(),
            number if number < 0 => format!("what is never reached, {number}"),
            number => format!("level {}, exception {}", number >> 40, number & 0xffff_ffff),
        },
    }
}

/// What a level has in its frame.
fn mine(level: usize) -> i64 {
    (level as i64 + 1) << 40
}

struct Model<'a> {
    salt: i64,
    kinds: &'a [Kind],
    /// What each level has counted.
    sums: Vec<i64>,
    /// What the innermost has.
    inside: i64,
    /// What `run` has.
    total: i64,
    /// The exception that was kept: its tag, and its number.
    kept: Option<(usize, i64)>,
}

impl<'a> Model<'a> {
    fn new(salt: i64, kinds: &'a [Kind]) -> Self {
        let mut model = Self {
            salt,
            kinds,
            sums: vec![0; kinds.len()],
            inside: 0,
            total: 0,
            kept: None,
        };
        model.waits();
        model
    }

    /// It hands out what it has.
    fn waits(&mut self) {
        self.total = fold(self.total, self.inside);
    }

    fn step(&mut self, step: Step, number: i64) {
        let thrown = match step {
            Step::Resume => None,
            Step::ThrowInside(tag) | Step::ThrowInto(tag) => Some((tag, number)),
            Step::ThrowKept => self.kept,
        };
        match thrown {
            None => self.inside = fold(self.inside, number),
            Some((tag, number)) => self.throw(tag, number),
        }
        self.waits();
    }

    fn throw(&mut self, tag: usize, number: i64) {
        let payload = value(self.salt, number);
        for level in (0..self.kinds.len()).rev() {
            let sum = &mut self.sums[level];
            let caught = match self.kinds[level] {
                Kind::Plain => false,
                Kind::CleansUp => {
                    *sum = fold(*sum, 1);
                    false
                }
                Kind::CatchesAll => {
                    *sum = fold(*sum, 2);
                    true
                }
                Kind::Catches(of) | Kind::Keeps(of) if of == tag => {
                    *sum = fold(*sum, payload);
                    true
                }
                Kind::Catches(_) | Kind::Keeps(_) => false,
            };
            if caught {
                if let Kind::Keeps(_) = self.kinds[level] {
                    self.kept = Some((tag, number));
                }
                return self.anew(level + 1);
            }
        }
        self.total = fold(self.total, payload);
        self.anew(0);
    }

    /// What is inside of a level is made again.
    fn anew(&mut self, from: usize) {
        self.sums[from..].fill(0);
        self.inside = 0;
    }

    fn end(self) -> i64 {
        let levels = self.sums.iter().enumerate().rev();
        let ended = levels.fold(self.inside, |sum, (level, &counted)| {
            fold(fold(sum, counted), value(self.salt, mine(level)))
        });
        fold(self.total, ended)
    }
}

fn emit(kinds: &[Kind], steps: &[Step], every: usize) -> String {
    let mut text = String::from(include_str!("../../programs/effects.wat"));
    for (level, &kind) in kinds.iter().enumerate() {
        emit_level(&mut text, level, kind, level + 1 == kinds.len());
    }
    text.push_str(
        "  (func (export \"run\") (result i64)
    (local $before i64)
    (local.set $before (call $continuations))
    (call $begin)\n",
    );
    writeln!(
        text,
        "    (global.set $live (i64.const {}))",
        kinds.len() + 1
    )
    .unwrap();
    for (number, step) in (1..).zip(steps) {
        match step {
            Step::Resume => writeln!(text, "    (call $resume (i64.const {number}))"),
            Step::ThrowInside(tag) => {
                let order = -(number * 4 + *tag as i64 + 1);
                writeln!(text, "    (call $resume (i64.const {order}))")
            }
            Step::ThrowInto(tag) => {
                writeln!(text, "    (call $throw_e{tag} (i64.const {number}))")
            }
            Step::ThrowKept => writeln!(text, "    (call $throw_kept (i64.const {number}))"),
        }
        .unwrap();
        if (number as usize).is_multiple_of(every) {
            text.push_str(
                "    (call $litter (i32.const 30)) (call $gc) (call $count (local.get $before))\n",
            );
        }
    }
    text.push_str("    (call $end))\n");
    text
}

/// A level: resumes the next one, or waits if it is the last, for as long as what comes out
/// is caught here.
fn emit_level(text: &mut String, level: usize, kind: Kind, is_last: bool) {
    let next = match is_last {
        true => "$innermost".to_owned(),
        false => format!("$level{}", level + 1),
    };
    let mine = mine(level);
    let inside = format!("(resume $k (i64.const 0) (cont.new $k (ref.func {next})))");
    let count =
        |what: &str| format!("(local.set $sum (call $fold (local.get $sum) {what}))\n      ");
    let payload = "(local.set $box) (local.set $number)\n      ";
    let checked =
        count("(call $check_box (local.get $box) (local.get $number))").replace('\n', "\n      ");
    let body = match kind {
        Kind::Plain => format!("(local.set $result {inside})"),
        Kind::CatchesAll => format!(
            "(block $done (block $caught
        (try_table (catch_all $caught) (local.set $result {inside}))
        (br $done))
      {}(br $again))",
            count("(i64.const 2)")
        ),
        Kind::CleansUp => format!(
            "(block $done (block $caught (result (ref exn))
        (try_table (catch_all_ref $caught) (local.set $result {inside}))
        (br $done))
      {}(throw_ref))",
            count("(i64.const 1)")
        ),
        Kind::Catches(tag) => format!(
            "(block $done (block $caught (result i64 (ref $box))
        (try_table (catch $e{tag} $caught) (local.set $result {inside}))
        (br $done))
      {payload}{checked}(br $again))"
        ),
        Kind::Keeps(tag) => format!(
            "(block $done (block $caught (result i64 (ref $box) (ref exn))
        (try_table (catch_ref $e{tag} $caught) (local.set $result {inside}))
        (br $done))
      (global.set $kept) {payload}{checked}(br $again))"
        ),
    };
    // A box in a local, and one on the operand stack where the way goes on.
    write!(
        text,
        "
  (elem declare func $level{level})
  (func $level{level} (type $body) (param $n i64) (result i64)
    (local $mine (ref $box)) (local $sum i64) (local $result i64) (local $number i64) (local $box (ref null $box))
    (local.set $mine (call $new_box (i64.const {mine})))
    (loop $again
      {body})
    (call $fold
      (call $fold (local.get $result) (local.get $sum))
      (call $check_box (local.get $mine) (i64.const {mine}))))
"
    )
    .unwrap();
}
