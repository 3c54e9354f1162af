//! x86-64: all assembly of the project (but that of tests, in `testing`), and what
//! pushes, prologues and faults look like on this machine.
//!
//! | file | what |
//! |-|-|
//! | `stubs` | what compiled code calls: the host, a switch, the end of a stack |
//! | `enter` | the host's side of a switch |
//! | `unpark` | where a switch to a parked record arrives |
//! | `fault` | from a signal's registers to the frames that are whole |
//!
//! A switch leaves a stack in one of these states; `sp` and `fp` are the fields
//! of its record. Addresses fall from top to bottom of each picture.
//!
//! ```text
//!  fresh                         suspended, a parent, or calling the host
//!
//!  stack_top ──────────────      stack_top ──────────────
//!        0                             0           return address of the trampoline
//!  sp ▶  FuncRef.entry                 0           trampoline's saved fp (fp was 0)
//!                                      …           trampoline's frame
//!  fp = 0                              return pc
//!                                fp ▶  saved fp    innermost frame
//!                                      …           its slots
//!                                sp ▶  resume pc   after the call that left
//!
//!  while the host is called, in addition      a host record while Wasm runs
//!
//!  sp ▶  return pc                             …           frames of Rust
//!        fp               ◀ rbp, kept by       return pc   into the caller of `enter`
//!        StoreContext       the libcall  fp ▶  its rbp
//!        (libcall runs at host_sp)             rbx, r12 … r15, out pointer
//!                                        sp ▶  resume pc   in `enter`;  host_sp = sp, aligned
//! ```
//!
//! So every record is left and entered alike, and a switch cannot tell a host
//! record from another. **Registers of a switch**: who leaves gives rdi = running
//! record, rsi = target, rdx = reason, rcx = payload. On arrival nothing has
//! moved: rdi = who switched here, rsi = running record, rdx = reason, rcx = payload.
//! These are at once return registers of the `tail` convention (after rax, which
//! is unspecified), so a resumed site has them as results, and its parameter
//! registers, so a fresh stack's trampoline has them as parameters.
//!
//! A switch by a thunk or by `enter` leaves the payload in rax as well, where an exception
//! handler expects its exception: **to throw into a suspended stack**, set the
//! record's sp and fp to 8 below the handler's sp and to its fp, write the
//! handler's address where sp points, and switch with the exception as payload.
//!
//! The pc a stack resumes at stays on the stack (`jmp [sp]`): with many stacks
//! in turn it shares the cache line the stack needs anyway.
//!
//! At the trampoline's first instruction rsp is 8 below a multiple of 16, as
//! after a call.
//!
//! **What is not saved.** Call sites of a switch treat all registers as
//! clobbered, so only rsp and rbp travel. MXCSR and the x87 control word stay
//! as they are: compiled code never writes them, a host function must give
//! them back as the System V ABI says, and Wasm's arithmetic is that of the
//! default mode Rust itself requires. The same holds for the direction flag.

mod enter;
mod fault;
mod stubs;
mod unpark;

pub use enter::{Left, enter, enter_fresh, host_sp};
pub use fault::{
    Fault, FaultIn, Stopped, fault_context, record_fault, redirect_to_host, stopped, take_fault,
};
pub(crate) use stubs::STUB_DEPTH;
pub use stubs::stub_image;
pub(crate) use unpark::unpark_stub;

use mangrove_abi::record::FRESH_WORDS;
use mangrove_abi::{ContRecord, PAGE_MIN};
use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
use std::ptr;

/// Bytes of a cache line.
pub const CACHE_LINE: u64 = 64;
/// Bytes of a page, unless the kernel is asked for larger ones.
pub const PAGE: u64 = PAGE_MIN;
/// Where the addresses of user space end, with page tables of four levels: Linux
/// gives out higher ones only to who asks for them.
pub const USER_SPACE_END: u64 = 1 << 47;

/// Makes the stack of `record` fresh: the first switch to it arrives at `entry`,
/// an entry trampoline, with the base of the frame chain below it.
///
/// # Safety
/// The record has a stack (`stack_top` is set) on which nothing is needed any
/// more, and `entry` is the address of a compiled entry trampoline.
#[inline]
pub unsafe fn prepare(record: *mut ContRecord, entry: *const u8) {
    // SAFETY: the caller vouches for the record, and the words below the top of its
    // stack are writable memory nobody else uses.
    unsafe {
        let top = (*record).stack_top;
        debug_assert!(top != 0 && top.is_multiple_of(16));
        let words = ptr::with_exposed_provenance_mut::<u64>(top as usize);
        words.sub(1).write(0);
        words
            .sub(FRESH_WORDS as usize)
            .write(entry.expose_provenance() as u64);
        (*record).sp = top - 8 * FRESH_WORDS;
        (*record).fp = 0;
    }
}

/// Starts to bring the cache line at `address` near, which may be any: it is not
/// accessed.
#[inline]
pub fn prefetch<T>(address: *const T) {
    // SAFETY: a hint about an address, valid or not; SSE is part of x86-64.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
}

/// [`prefetch`] of `len` bytes from `address` on, which is every [`CACHE_LINE`] bytes
/// of them: where `address` is no multiple of that, the last line may be left out.
#[inline]
pub fn prefetch_range(address: u64, len: u64) {
    for offset in (0..len).step_by(CACHE_LINE as usize) {
        prefetch(ptr::without_provenance::<u8>(
            address.wrapping_add(offset) as usize
        ));
    }
}
