//! The suites.

mod churn;
mod generators;
mod pipeline;
mod rings;
mod suspended;

use crate::case::{Case, Size};
use crate::random;
use mangrove_workers::Rng;
use std::fmt;

/// A source of rounds.
pub struct Suite {
    /// Its name, as on the command line.
    pub name: &'static str,
    /// One line on what it is hard on.
    pub about: &'static str,
    /// Rounds that are run even when there is no time for them.
    pub least: u64,
    pub(crate) rounds: Rounds,
}

/// What a suite's rounds are.
#[derive(Clone, Copy)]
pub(crate) enum Rounds {
    /// Each plays a case that random choices lead to.
    Cases {
        make: fn(&mut Rng, Size) -> Case,
        /// The smallest case derived from these choices for which a condition
        /// still holds, where a suite can make cases smaller.
        shrink: Option<Shrink>,
    },
    /// Each runs a random program, with all its roots compared at each moment.
    Roots,
    /// Each is a run of the model test.
    Model,
    /// Each sweeps all shapes across the end of a stack, in one setting.
    Overflow,
}

pub(crate) type Shrink = fn(&mut Rng, Size, &mut dyn FnMut(&Case) -> bool) -> Case;

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

const SUITES: &[Suite] = &[
    Suite {
        name: "suspended",
        about: "thousands of continuations suspended in deep frames over a hundred collections",
        least: 1,
        rounds: Rounds::Cases {
            make: suspended::case,
            shrink: None,
        },
    },
    Suite {
        name: "churn",
        about: "continuations made, resumed, kept by others and forgotten, their number checked",
        least: 1,
        rounds: Rounds::Cases {
            make: churn::case,
            shrink: None,
        },
    },
    Suite {
        name: "generators",
        about: "trees walked by nested generators, nodes as payloads",
        least: 1,
        rounds: Rounds::Cases {
            make: generators::case,
            shrink: None,
        },
    },
    Suite {
        name: "pipeline",
        about: "objects handed between stages, payloads in both directions",
        least: 1,
        rounds: Rounds::Cases {
            make: pipeline::case,
            shrink: None,
        },
    },
    Suite {
        name: "rings",
        about: "objects and continuations that hold each other, in rings that are let go",
        least: 2,
        rounds: Rounds::Cases {
            make: rings::case,
            shrink: None,
        },
    },
    Suite {
        name: "random",
        about: "random programs of continuations and objects, judged by an interpreter",
        least: 25,
        rounds: Rounds::Cases {
            make: random::case,
            shrink: Some(random::shrunk),
        },
    },
    Suite {
        name: "clones",
        about: "the same, in which whatever is resumed is a clone or has been cloned",
        least: 25,
        rounds: Rounds::Cases {
            make: random::case_with_clones,
            shrink: Some(random::shrunk_with_clones),
        },
    },
    Suite {
        name: "roots",
        about: "what each frame of random programs holds, against a second derivation of it",
        least: 50,
        rounds: Rounds::Roots,
    },
    Suite {
        name: "model",
        about: "random steps of every instruction, each compared with a model of its semantics",
        least: 4,
        rounds: Rounds::Model,
    },
    Suite {
        name: "overflow",
        about: "the stack ends in the middle of every instruction, at every depth",
        least: 4,
        rounds: Rounds::Overflow,
    },
];

/// All suites.
pub fn suites() -> &'static [Suite] {
    SUITES
}

/// A module of these fields, after those that all programs have.
pub(crate) fn module(salt: i64, fields: &str) -> String {
    let common = include_str!("../../programs/common.wat").replace("SALT", &salt.to_string());
    format!("(module\n{common}\n{fields})\n")
}

/// The 64-bit value that stands for `id` in programs made from `salt`: what is
/// left of another object is never right by chance. The programs compute the same.
fn value(salt: i64, id: i64) -> i64 {
    let mixed = id.wrapping_add(1).wrapping_mul(-7_046_029_254_386_353_131) ^ salt;
    // The low half of a product knows nothing of the high half of its factor.
    mixed ^ (mixed as u64 >> 29) as i64
}

/// Folds a value into a checksum in which order matters, as the programs do.
pub(crate) fn fold(sum: i64, value: i64) -> i64 {
    sum.wrapping_mul(1_099_511_628_211).wrapping_add(value)
}

/// The sum of the array of 1 to 8 values that stands for `id`.
fn longs(salt: i64, id: i64) -> i64 {
    let first = value(salt, id);
    (0..=id & 7).fold(0, |sum: i64, index| {
        sum.wrapping_add(first.wrapping_add(index))
    })
}
