//! The walk along a stack's frames.
//!
//! ```text
//!   fp + 8   return address into the caller     ─▶ next pc
//!   fp       the caller's fp                    ─▶ next fp; 0 in the last frame
//! ```
//!
//! All frames on a Wasm stack are compiled code that keeps frame pointers, so
//! two loads a frame are the whole of it: nothing is skipped or guessed.
//!
//! Next on the road of a root: `crates/abi/src/site.rs`.

use crate::arch::unpark_stub;
use crate::moving::{PARKED_HEADER, is_parked};
use mangrove_abi::{ContRecord, RecordState};
use std::ptr;

/// One frame: where it is stopped, and its frame pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackFrame {
    /// The return address the frame will go on at, or the pc of a fault.
    pub pc: u64,
    /// The frame pointer: slots lie below it.
    pub fp: u64,
}

/// The frames of one stack, innermost first. Made by [`frames`] and [`frames_from`].
#[derive(Clone, Debug)]
pub struct Frames {
    next: StackFrame,
}

/// The frames of a stack that is not running: suspended, a parent, or calling
/// the host; parked or not. A fresh one has none.
///
/// # Safety
/// `record` is not a host record, its `sp` and `fp` describe its stack as it
/// is now, and the stack does not change while the result is used.
pub unsafe fn frames(record: *const ContRecord) -> Frames {
    // SAFETY: by the contract the record is valid; unless it is fresh its sp
    // points to the pc it will resume at.
    unsafe {
        debug_assert_ne!((*record).state, RecordState::Host as u32);
        if (*record).fp == 0 {
            return Frames {
                next: StackFrame { pc: 0, fp: 0 },
            };
        }
        let header = if stack_says_parked(record) {
            PARKED_HEADER
        } else {
            0
        };
        frames_from(read((*record).sp + header), (*record).fp)
    }
}

/// Whether the record is parked, as its stack tells it: whoever walks that can
/// leave the record's second cache line, which [`is_parked`] asks, where it is.
///
/// # Safety
/// The record has a stack or is parked, and does not run.
pub unsafe fn stack_says_parked(record: *const ContRecord) -> bool {
    // SAFETY: the word `sp` points to is a resume pc, an entry, or the unpark stub.
    unsafe {
        let parked = read((*record).sp) == unpark_stub();
        debug_assert_eq!(parked, is_parked(record));
        parked
    }
}

/// The frames from this one outwards.
///
/// # Safety
/// `fp` is 0 or the frame pointer of a frame on a Wasm stack, and the stack
/// does not change while the result is used.
pub unsafe fn frames_from(pc: u64, fp: u64) -> Frames {
    Frames {
        next: StackFrame { pc, fp },
    }
}

impl Iterator for Frames {
    type Item = StackFrame;

    #[inline]
    fn next(&mut self) -> Option<StackFrame> {
        let frame = self.next;
        if frame.pc == 0 || frame.fp == 0 {
            return None;
        }
        // SAFETY: `frames_from` asked for the frame pointer of a frame on a
        // Wasm stack that stays as it is; such a frame keeps its caller's fp
        // and pc in these two words, and the base frame's are zero.
        self.next = unsafe {
            StackFrame {
                pc: read(frame.fp + 8),
                fp: read(frame.fp),
            }
        };
        Some(frame)
    }
}

/// The word at `address`.
///
/// # Safety
/// `address` is that of an aligned, initialised word of a stack.
unsafe fn read(address: u64) -> u64 {
    debug_assert_eq!(address % 8, 0);
    // SAFETY: the caller's contract.
    unsafe { ptr::with_exposed_provenance::<u64>(address as usize).read() }
}
