//! Which code of a function is that of another, compiled into it.
//!
//! ```text
//!  text      │ $outer ……………│ $leaf at the call in $outer ………│ $outer ………│
//!  ranges                   [start ─────────────────── end) ──▶ call 0
//!  calls     0: $leaf, for the call at 0x47 of the function itself
//!            1: $inner, for the call at 0x2c of call 0
//! ```
//!
//! A frame of such a function stands for several of the program: [`crate::CodeImage::frames_at`]
//! gives them as they were written. Nothing that runs looks here: stack maps are of the
//! whole frame.

use crate::index::{CodeOffset, FuncIndex, WasmOffset};
use serde::{Deserialize, Serialize};

/// A call whose callee was compiled in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InlinedCall {
    /// The function that was called.
    pub function: FuncIndex,
    /// The call instruction.
    pub called_at: WasmOffset,
    /// The inlined call whose code that instruction is of; none if it is of the compiled
    /// function itself.
    pub inside: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Range {
    start: CodeOffset,
    end: CodeOffset,
    call: u32,
}

/// The inlined calls of an image, and the code of each.
///
/// # Examples
/// ```
/// use mangrove_abi::{CodeOffset, FuncIndex, InlinedCall, InlinedCalls, WasmOffset};
///
/// let called_at = WasmOffset::new(0x47).unwrap();
/// let call = InlinedCall { function: FuncIndex::new(3), called_at, inside: None };
/// let mut inlined = InlinedCalls::default();
/// let first = inlined.add_calls(&[call]);
/// inlined.add_range(CodeOffset::new(16), CodeOffset::new(24), first);
/// assert_eq!(inlined.at(CodeOffset::new(16)), Some(&call));
/// assert_eq!(inlined.at(CodeOffset::new(24)), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InlinedCalls {
    calls: Vec<InlinedCall>,
    /// In ascending order, without overlap.
    ranges: Vec<Range>,
}

impl InlinedCalls {
    /// Adds the calls of one function, which name each other by their numbers in this
    /// list; gives the number of the first.
    pub fn add_calls(&mut self, calls: &[InlinedCall]) -> u32 {
        let first = self.calls.len() as u32;
        self.calls.extend(calls.iter().map(|call| InlinedCall {
            inside: call.inside.map(|inside| first + inside),
            ..*call
        }));
        first
    }

    /// Says that code from `start` up to `end` is of an inlined call. Code is added in
    /// ascending order.
    pub fn add_range(&mut self, start: CodeOffset, end: CodeOffset, call: u32) {
        debug_assert!((call as usize) < self.calls.len(), "a call that was added");
        match self.ranges.last_mut() {
            Some(last) if last.end == start && last.call == call => last.end = end,
            last => {
                debug_assert!(last.is_none_or(|last| last.end <= start), "in order");
                self.ranges.push(Range { start, end, call });
            }
        }
    }

    /// The innermost inlined call whose code is at this offset.
    pub fn at(&self, pc: CodeOffset) -> Option<&InlinedCall> {
        let index = self.ranges.partition_point(|range| range.start <= pc);
        let range = &self.ranges[index.checked_sub(1)?];
        (pc < range.end).then(|| &self.calls[range.call as usize])
    }

    /// The call that another is inside of.
    ///
    /// # Panics
    /// If the call is of another image.
    pub fn around(&self, call: &InlinedCall) -> Option<&InlinedCall> {
        Some(&self.calls[call.inside? as usize])
    }

    /// How many calls were inlined.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }
}
