//! Frames elsewhere: on another stack, or parked in a buffer of their own; the frames
//! themselves, or a copy of them.
//!
//! ```text
//!  a stack                   another stack           parked
//!
//!  stack_top ────────        stack_top ────────      stack_top ────────   end of the buffer
//!        0                         0                       0
//!        …                         …                       …
//!  fp ▶  saved fp            fp ▶  saved fp          fp ▶  saved fp
//!        …                         …                       …
//!  sp ▶  resume pc           sp ▶  resume pc               resume pc
//!                                                          the runtime's `Unpark`
//!  stack_limit               stack_limit             sp ▶  the unpark stub      stack_limit = 0
//! ```
//!
//! Nothing on a stack points into it but the chain of saved frame pointers, so
//! moving is copying the used bytes and shifting that chain. The distance to
//! the top stays, and with it every alignment. Nor does a frame that waits for a call know
//! its record. So a copy can be another record's, and both can go on.
//!
//! **A parked record is switched to like any other.** The word its `sp` points
//! to is the unpark stub, which asks the runtime for a stack, puts the frames on it,
//! and goes on with the switch: whoever resumes does not look, and resuming
//! one that is not parked costs nothing more. The frames in the buffer are
//! walked as they are; `stack_limit` = 0 tells that they are there.

use crate::arch::{STUB_DEPTH, Unpark, unpark_stub};
use crate::arena::Stack;
use mangrove_abi::ContRecord;
use std::alloc::{Layout, alloc, dealloc};
use std::ptr;

/// Bytes between a parked record's `sp` and the resume pc: the unpark stub's
/// address and the runtime's.
pub(crate) const PARKED_HEADER: u64 = 16;

/// What a moved stack's old place is filled with, when asked for.
const POISON: u8 = 0xdd;

/// Whether the record's frames lie in a buffer and not on a stack.
///
/// # Safety
/// `record` is valid.
pub unsafe fn is_parked(record: *const ContRecord) -> bool {
    // SAFETY: the caller's contract.
    unsafe { (*record).stack_limit == 0 && (*record).stack_top != 0 }
}

/// Whether the frames of a record fit on a stack of `capacity` bytes, with what
/// its innermost function has touched below them: see `touch` in the compiler.
///
/// # Safety
/// The record has a stack or is parked, and does not run.
pub unsafe fn fits(record: *const ContRecord, capacity: u64) -> bool {
    // SAFETY: the caller's contract.
    let used = unsafe { (*record).stack_top - frames_begin(record) };
    used + u64::from(STUB_DEPTH) <= capacity
}

/// Moves the frames of a record to another stack. Returns the one it was on,
/// on which nothing is needed any more.
///
/// # Safety
/// The record is fresh or suspended, or a parent that is not calling the host,
/// and not parked; nobody uses `to`, and the frames [fit](fits) there.
pub unsafe fn move_frames(record: *mut ContRecord, to: Stack) -> Stack {
    // SAFETY: the caller's contract.
    unsafe {
        debug_assert!(!is_parked(record));
        let from = stack_of(record);
        let sp = (*record).sp;
        relocate(record, sp, to.top);
        (*record).stack_limit = to.limit;
        debug_assert!((*record).sp >= to.limit, "the other stack is too small");
        from
    }
}

/// Moves the frames of a record into a buffer. Returns the stack it was on, on
/// which nothing is needed any more; none if there is no memory for a buffer,
/// and the record is as it was. The first switch to the record calls `unpark`.
///
/// # Safety
/// As for [`move_frames`], of the stacks it may get later; its `func` belongs to
/// the store whose context `unpark` is to get. The buffer is freed by [`unpark`] or [`discard_parked`].
pub unsafe fn park(record: *mut ContRecord, unpark: Unpark) -> Option<Stack> {
    // SAFETY: the caller's contract; the buffer has room for the header and
    // the used bytes below its end.
    unsafe {
        debug_assert!(!is_parked(record));
        let from = stack_of(record);
        into_buffer(record, (*record).sp, unpark).then_some(from)
    }
}

/// Copies the frames of a record to a stack, and makes them another record's. The first is
/// as it was.
///
/// # Safety
/// `from` is fresh or suspended, parked or not. `record` has no frames and no buffer, nobody
/// uses `to` but perhaps it, and the frames [fit](fits) there.
pub unsafe fn copy_frames(from: *const ContRecord, record: *mut ContRecord, to: Stack) {
    // SAFETY: the caller's contract.
    unsafe {
        let sp = adopt(from, record);
        relocate(record, sp, to.top);
        (*record).stack_limit = to.limit;
        debug_assert!((*record).sp >= to.limit, "the stack is too small");
    }
}

/// Copies the frames of a record into a buffer, and makes another record one that is parked
/// with them. Whether there was memory for the buffer; if not, both are as they were.
///
/// # Safety
/// As for [`copy_frames`] and [`park`]; `record` has no stack.
pub unsafe fn copy_parked(
    from: *const ContRecord,
    record: *mut ContRecord,
    unpark: Unpark,
) -> bool {
    // SAFETY: the caller's contract.
    unsafe {
        let sp = adopt(from, record);
        let copied = into_buffer(record, sp, unpark);
        if !copied {
            ((*record).sp, (*record).fp, (*record).stack_top) = (0, 0, 0);
        }
        copied
    }
}

/// Lets a record refer to another's frames, on the way to a copy of them. Where they begin.
///
/// # Safety
/// As for [`copy_frames`].
unsafe fn adopt(from: *const ContRecord, record: *mut ContRecord) -> u64 {
    // SAFETY: the caller's contract.
    unsafe {
        (*record).fp = (*from).fp;
        (*record).stack_top = (*from).stack_top;
        frames_begin(from)
    }
}

/// Where the frames of a record begin, from below: at its resume pc.
///
/// # Safety
/// The record has a stack or is parked, and does not run.
unsafe fn frames_begin(record: *const ContRecord) -> u64 {
    // SAFETY: the caller's contract.
    unsafe {
        match is_parked(record) {
            true => (*record).sp + PARKED_HEADER,
            false => (*record).sp,
        }
    }
}

/// Copies the frames from `sp` to the record's top into a buffer, which becomes what the
/// record is parked in. False if there is no memory for it: the record is as it was.
///
/// # Safety
/// As for [`relocate`] and [`park`].
unsafe fn into_buffer(record: *mut ContRecord, sp: u64, unpark: Unpark) -> bool {
    // SAFETY: the caller's contract; the buffer has room for the header and
    // the used bytes below its end.
    unsafe {
        let needed = PARKED_HEADER + (*record).stack_top - sp;
        // Its end is as aligned as a stack's top.
        let layout = buffer_layout(needed.next_multiple_of(16));
        let buffer = alloc(layout);
        if buffer.is_null() {
            return false;
        }
        let end = buffer.expose_provenance() as u64 + layout.size() as u64;
        relocate(record, sp, end);
        (*record).sp -= PARKED_HEADER;
        (*record).stack_limit = 0;
        let header = at((*record).sp);
        header.write(unpark_stub());
        header.add(1).write(unpark as usize as u64);
        true
    }
}

/// Puts the frames of a parked record on a stack and frees the buffer.
///
/// # Safety
/// The record is parked, nobody uses `to`, and the frames fit there.
pub unsafe fn unpark(record: *mut ContRecord, to: Stack) {
    // SAFETY: the caller's contract.
    unsafe {
        debug_assert!(is_parked(record));
        let buffer = buffer_of(record);
        let sp = (*record).sp + PARKED_HEADER;
        relocate(record, sp, to.top);
        (*record).stack_limit = to.limit;
        debug_assert!((*record).sp >= to.limit, "the stack is too small");
        dealloc(buffer.0, buffer.1);
    }
}

/// Frees the buffer of a parked record whose frames nobody needs, which is then
/// without a stack.
///
/// # Safety
/// The record is parked, and is not switched to before it gets a stack.
pub unsafe fn discard_parked(record: *mut ContRecord) {
    // SAFETY: the caller's contract.
    unsafe {
        debug_assert!(is_parked(record));
        let (buffer, layout) = buffer_of(record);
        (*record).stack_top = 0;
        (*record).sp = 0;
        (*record).fp = 0;
        dealloc(buffer, layout);
    }
}

/// Overwrites what a record left behind on a stack: whoever still reads there
/// shall notice.
///
/// # Safety
/// Nobody uses the stack, `used` bytes below its top were written once, and
/// they lie within it.
pub unsafe fn poison(stack: Stack, used: u64) {
    // SAFETY: the caller's contract.
    unsafe {
        let low = ptr::with_exposed_provenance_mut::<u8>((stack.top - used) as usize);
        low.write_bytes(POISON, used as usize);
    }
}

/// Copies the bytes from `sp` to the record's top so that they end at `top`,
/// and makes the chain of frame pointers and the record mean the copy.
///
/// # Safety
/// These bytes hold the record's frames, and there is room for them below `top`.
unsafe fn relocate(record: *mut ContRecord, sp: u64, top: u64) {
    // SAFETY: the caller's contract; the chain runs through the copied bytes
    // and ends with a zero, at its base.
    unsafe {
        let used = (*record).stack_top - sp;
        let shift = top.wrapping_sub((*record).stack_top);
        let to = sp.wrapping_add(shift);
        ptr::copy_nonoverlapping(at(sp), at(to), (used / 8) as usize);
        (*record).sp = to;
        (*record).stack_top = top;
        let mut link = &raw mut (*record).fp;
        while *link != 0 {
            *link = (*link).wrapping_add(shift);
            debug_assert!((to..top).contains(&*link), "a frame pointer to elsewhere");
            link = at(*link);
        }
    }
}

/// # Safety
/// The record has a stack.
unsafe fn stack_of(record: *const ContRecord) -> Stack {
    // SAFETY: the caller's contract.
    unsafe {
        Stack {
            top: (*record).stack_top,
            limit: (*record).stack_limit,
        }
    }
}

/// # Safety
/// The record is parked.
unsafe fn buffer_of(record: *const ContRecord) -> (*mut u8, Layout) {
    // SAFETY: the caller's contract.
    let (sp, end) = unsafe { ((*record).sp, (*record).stack_top) };
    // `sp` is in the first 16 bytes of the buffer, which is so aligned.
    let start = sp & !15;
    (at(start).cast(), buffer_layout(end - start))
}

fn buffer_layout(size: u64) -> Layout {
    Layout::from_size_align(size as usize, 16).expect("less than a stack")
}

fn at(address: u64) -> *mut u64 {
    ptr::with_exposed_provenance_mut(address as usize)
}
