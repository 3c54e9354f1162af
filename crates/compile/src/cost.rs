//! How much work a function is for Cranelift, before it is done.
//!
//! Some of what Cranelift does takes time and memory in proportion to the live
//! values of all blocks together, or to the live roots of all calls together: in
//! a function of `n` instructions that can be `n²`. What it will come to is
//! counted first, by an algorithm that stops at the limit; a function beyond it
//! is compiled in another way. So the work is bounded by the size of the body:
//!
//! | counted | when | why it costs |
//! |-|-|-|
//! | values, operands | while translating | a type of 1,000 results takes a byte to name |
//! | blocks × variables | while translating | the frontend's tables of variables |
//! | live roots over calls | before stack maps are made | their entries |
//! | live values over blocks | after optimisation | register allocation |
//! | live values at each instruction, beyond a few | after optimisation | registers are sought for each beside each |
//! | ranges of merged values | after optimisation | values that become one are sorted again for each |
//! | block parameters | after optimisation | they are looked for again for each value |
//!
//! Ordinary functions stay far below: `docs/TESTING.md` says how to measure it.

mod crowd;
mod live;
mod merge;
mod scan;

use cranelift_codegen::ir::{Function, Value};
use live::{Liveness, with_params};
use std::collections::HashSet;

/// Inlining uses up to one of this many parts of what a function may cost.
const INLINED: u64 = 8;
/// What every function may cost, however small. A unit is a value that is live
/// in a block: about 0.2 µs, and 60 bytes while registers are allocated.
const FLOOR: u64 = 200_000;
/// Units of work for each byte of the body: five times what ordinary functions
/// take that have many blocks and values.
const PER_BYTE: u64 = 24;
/// Units to the value: each is some instructions.
const VALUE: u64 = 2;
/// Values of a function that is not optimised to the unit.
const HOMES: u64 = 2;
/// Entries of the frontend's tables to the unit: 4 bytes that are cleared.
const ENTRIES: u64 = 8;
/// Values that are alive at an instruction beside many others, to the unit. The
/// loop of an interpreter has 18.
const CROWD: u64 = 24;
/// Pairs of values to the unit: one that is alive everywhere has all others in its
/// way, and what is in the way is forgotten again for each.
const PAIRS: u64 = 8000;
/// Steps of a merge to the unit.
const MERGES: u64 = 4;
/// Entries of a scan to the unit.
const SCANNED: u64 = 64;
/// Live values of an optimised function to the unit. The loop of an interpreter
/// of a hundred kilobytes has 150 to the byte, and is worth optimising.
const LIVE: u64 = 7;

/// The limits of one function.
#[derive(Clone, Copy, Debug)]
pub struct Work(u64);

impl Work {
    /// For a body of this many bytes.
    pub fn of_body(bytes: usize) -> Self {
        Self(FLOOR + PER_BYTE * bytes as u64)
    }

    /// Allows for as many bytes more: of a body that is translated inside of another.
    pub fn add(&mut self, bytes: usize) {
        self.0 += PER_BYTE * bytes as u64;
    }

    /// Whether there is so much left, with so many values and entries of the tables of
    /// variables, that more may be inlined. What that makes of a function should not be what is too much.
    pub fn leaves_room(self, values: u64, entries: u64) -> bool {
        self.allows_values(values * INLINED) && self.allows_variables(entries * INLINED)
    }

    /// For code that is no function of a module.
    pub fn unlimited() -> Self {
        Self(u64::MAX / SCANNED)
    }

    /// Whether a function cannot exceed the limits whatever is made of it.
    pub fn is_small(self, function: &Function) -> bool {
        let dfg = &function.dfg;
        dfg.num_blocks() as u64 * dfg.num_values() as u64 <= self.0
    }

    /// Whether there may be this many values.
    pub fn allows_values(self, values: u64) -> bool {
        values * VALUE <= self.0
    }

    /// Whether there may be this many values in a function that is not optimised.
    pub fn allows_in_homes(self, values: u64) -> bool {
        values <= self.0 * HOMES
    }

    /// Whether the tables of variables may have this many entries.
    pub fn allows_variables(self, entries: u64) -> bool {
        entries <= self.0 * ENTRIES
    }

    /// Whether the calls of a function may have this many live roots together.
    pub fn allows_roots(self, function: &Function, roots: &HashSet<Value>) -> bool {
        if roots.is_empty() || roots.len() as u64 * function.dfg.num_insts() as u64 <= self.0 {
            return true;
        }
        let roots = with_params(function, roots);
        let mut live = Liveness::new(function, self.0);
        live.run(&|value| roots.contains(&value)) && live.calls(&|value| roots.contains(&value))
    }

    /// Whether a function may have this many values alive together: in its blocks,
    /// and side by side.
    pub fn allows_live(self, function: &Function) -> bool {
        let (values, limit) = (crowd::defined(function), self.0);
        if values * values > limit.saturating_mul(PAIRS) {
            tracing::debug!(target: "mangrove::compile", values, limit, "too many values");
            return false;
        }
        let small = self.is_small(function);
        if small && values * function.dfg.num_insts() as u64 <= limit.saturating_mul(CROWD) {
            return true;
        }
        let most = limit.saturating_mul(LIVE);
        let mut live = Liveness::new(function, most);
        if !live.run(&|_| true) {
            tracing::debug!(target: "mangrove::compile", most, "too many live values");
            return false;
        }
        (small || self.allows_joined(function, &live)) && self.allows_crowd(function, live)
    }

    fn allows_joined(self, function: &Function, live: &Liveness<'_>) -> bool {
        let Some(merged) = merge::steps(function, &live.out, self.0 * MERGES) else {
            tracing::debug!(target: "mangrove::compile", "too many joined values");
            return false;
        };
        let scanned = scan::entries(function, &live.into, &live.out, true);
        tracing::trace!(target: "mangrove::compile", merged, scanned, limit = self.0, "work");
        scanned <= self.0 * SCANNED
    }

    fn allows_crowd(self, function: &Function, live: Liveness<'_>) -> bool {
        let Liveness { mut out, left, .. } = live;
        out.sort_unstable();
        let crowd = crowd::crowd(function, &out);
        let (live, limit) = (self.0.saturating_mul(LIVE) - left, self.0);
        let (values, insts) = (function.dfg.num_values(), function.dfg.num_insts());
        tracing::trace!(target: "mangrove::compile", live, crowd, values, insts, limit, "work");
        crowd <= limit.saturating_mul(CROWD)
    }
}

/// What [`scan`] counts of a function.
#[cfg(test)]
pub fn scanned(function: &Function) -> u64 {
    let mut live = Liveness::new(function, u64::MAX);
    assert!(live.run(&|_| true), "there is no limit");
    scan::entries(function, &live.into, &live.out, false)
}
