//! A fault in compiled code: what the processor was doing, and which frames are
//! whole.
//!
//! A stack that is left by a switch or a call describes itself. One that faulted
//! does not: its pc is in the middle of something, and what its record says is
//! from the last time it was left. What the signal handler wrote down, and
//! nothing that was published before, leads back to the innermost frame that is
//! stopped at a call: `sp` points to the pc it would return to, `fp` is its frame
//! pointer.
//!
//! | where the fault is | frames from | because |
//! |-|-|-|
//! | a function's first instruction | `sp`, `fp` | `push rbp`: the return address is in place, the frame is not |
//! | its prologue, when `fp` lies in the guard | the old `fp`, read from the code | it grows for a tail call: see below |
//! | anywhere else in a function | `fp + 8`, `[fp]` | the frame stands: stack probes, saved registers, spills, arguments, the push of a call |
//! | `call_host`, first push | `sp`, `fp` | as in a function's first instruction |
//! | `call_host`, second push | `fp + 8`, `[fp]` | as in a function |
//! | a switch thunk, `finish` | none | cannot be: who switches has touched the stack below |
//!
//! **Growing.** A function that tail-calls with more arguments on the stack than
//! it got moves its frame down first, as far as they need, and its frame pointer
//! before the two words that lie there:
//!
//! ```text
//!   push rbp                        old fp ▶  return address │ saved fp
//!   mov  rbp, rsp                             …
//!   sub  rsp, n                               n bytes
//!   mov  rbp, rsp                             …
//!   mov  r11, [rsp + n]         rsp = rbp ▶   nothing yet: the guard, perhaps
//!   mov  [rsp], r11      ◀ faults
//! ```

use super::stubs::{call_host_end, call_host_framed};
use mangrove_abi::{ContRecord, StoreContext, reason};
use std::ptr;

/// A fault of compiled code, as the signal handler found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Program counter,
    pub pc: u64,
    /// stack pointer,
    pub sp: u64,
    /// and frame pointer.
    pub fp: u64,
    /// What was accessed.
    pub address: u64,
    /// The signal's number.
    pub signal: u64,
}

/// What code a fault's pc is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultIn {
    /// A function or trampoline, so many bytes from its start.
    Function(u32),
    /// The shared stubs, so many bytes from the start of [`mangrove_abi::StubImage::text`].
    Stubs(u32),
    /// The thunk of a switch site.
    Thunk,
}

/// Where the frames that are whole begin, as a record says it of a stack that
/// was left at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Address of the pc the innermost frame would be returned to at.
    pub sp: u64,
    /// Its frame pointer; 0 if there is none.
    pub fp: u64,
}

/// The fault in a context, if there was one since it was last asked for.
pub fn take_fault(ctx: &mut StoreContext) -> Option<Fault> {
    let pc = std::mem::take(&mut ctx.fault_pc);
    (pc != 0).then_some(Fault {
        pc,
        sp: ctx.fault_sp,
        fp: ctx.fault_fp,
        address: ctx.fault_addr,
        signal: ctx.fault_signal,
    })
}

/// The frames below a fault; none where nothing may fault. `limit` is the lowest
/// usable byte of the stack whose guard was hit, if that is what happened.
///
/// # Safety
/// Compiled code faulted there, on a Wasm stack that is as it was left; its text
/// can be read.
pub unsafe fn stopped(fault: &Fault, place: FaultIn, limit: Option<u64>) -> Option<Stopped> {
    let pushing = match place {
        FaultIn::Thunk => return None,
        FaultIn::Function(offset) => offset == 0,
        FaultIn::Stubs(offset) if offset < call_host_end() => offset < call_host_framed(),
        FaultIn::Stubs(_) => return None,
    };
    if pushing {
        return Some(Stopped {
            sp: fault.sp,
            fp: fault.fp,
        });
    }
    let mut fp = fault.fp;
    if limit.is_some_and(|limit| fp < limit) {
        if fp != fault.address || fp != fault.sp {
            return None;
        }
        // SAFETY: by contract.
        fp += u64::from(unsafe { growth_before(fault.pc) }?);
    }
    if fp == 0 || !fp.is_multiple_of(8) {
        return None;
    }
    // SAFETY: by contract; a frame's first word is its caller's frame pointer.
    let caller_fp = unsafe { ptr::with_exposed_provenance::<u64>(fp as usize).read() };
    Some(Stopped {
        sp: fp + 8,
        fp: caller_fp,
    })
}

/// By how much a prologue that stands at `mov [rsp], r11` has moved its frame:
/// the displacement of the instruction before, `mov r11, [rsp + n]`.
///
/// # Safety
/// The pc is that of an instruction of compiled code, not its function's first
/// three.
unsafe fn growth_before(pc: u64) -> Option<u32> {
    const STORE: [u8; 4] = [0x4c, 0x89, 0x1c, 0x24];
    const LOAD_8: [u8; 4] = [0x4c, 0x8b, 0x5c, 0x24];
    const LOAD_32: [u8; 4] = [0x4c, 0x8b, 0x9c, 0x24];
    let at = ptr::with_exposed_provenance::<[u8; 4]>(pc as usize);
    // SAFETY: by contract: a prologue this far has more than 8 bytes before the
    // pc, and 4 behind it.
    unsafe {
        if at.read() != STORE {
            return None;
        }
        if at.byte_sub(8).read() == LOAD_32 {
            return Some(u32::from_le_bytes(at.byte_sub(4).read()));
        }
        let short = at.byte_sub(5).read() == LOAD_8;
        let distance = at.byte_sub(1).cast::<u8>().read();
        // A displacement of one byte is signed, and this one is not negative.
        (short && distance < 0x80).then_some(u32::from(distance))
    }
}

/// Where a signal interrupted the thread: program counter, frame pointer, stack
/// pointer.
///
/// # Safety
/// `ucontext` is the context the kernel handed to a signal handler.
pub unsafe fn fault_context(ucontext: *const libc::ucontext_t) -> (u64, u64, u64) {
    // SAFETY: the kernel's context is valid while the handler runs.
    let registers = unsafe { &(*ucontext).uc_mcontext.gregs };
    let register = |index: libc::c_int| registers[index as usize] as u64;
    (
        register(libc::REG_RIP),
        register(libc::REG_RBP),
        register(libc::REG_RSP),
    )
}

/// Writes down where a signal interrupted the thread, for
/// [`super::take_fault`]. Safe in a signal handler.
///
/// # Safety
/// `ucontext` and `info` are what the kernel handed to the handler, and `ctx` is
/// the context whose Wasm was interrupted.
pub unsafe fn record_fault(
    ctx: *mut StoreContext,
    ucontext: *const libc::ucontext_t,
    info: *mut libc::siginfo_t,
    signal: libc::c_int,
) {
    // SAFETY: by contract.
    unsafe {
        let (pc, fp, sp) = fault_context(ucontext);
        (*ctx).fault_pc = pc;
        (*ctx).fault_sp = sp;
        (*ctx).fault_fp = fp;
        (*ctx).fault_addr = (*info).si_addr() as u64;
        (*ctx).fault_signal = signal as u64;
    }
}

/// Changes the interrupted context so that, when the signal handler returns,
/// the thread is where a switch to `host` with reason [`reason::TRAPPED`] would
/// have brought it.
///
/// Flags, signal mask and floating-point state are left as the kernel saved
/// them: compiled code changes none that matter to Rust.
///
/// # Safety
/// `ucontext` is the context the kernel handed to a signal handler, and it was
/// interrupted in Wasm code or a stub of the activation that `host` stands for.
pub unsafe fn redirect_to_host(ucontext: *mut libc::ucontext_t, host: *const ContRecord) {
    // SAFETY: both are valid by the contract, and the host record's sp points
    // to the resume pc that `enter` left there.
    unsafe {
        let registers = &mut (*ucontext).uc_mcontext.gregs;
        let sp = (*host).sp;
        let resume_pc = ptr::with_exposed_provenance::<u64>(sp as usize).read();
        let mut set = |index: libc::c_int, value: u64| registers[index as usize] = value as i64;
        set(libc::REG_RIP, resume_pc);
        set(libc::REG_RSP, sp + 8);
        set(libc::REG_RBP, (*host).fp);
        set(libc::REG_RDI, 0);
        set(libc::REG_RSI, host.expose_provenance() as u64);
        set(libc::REG_RDX, reason::TRAPPED as u64);
        set(libc::REG_RCX, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &[u8], at: usize, fp: u64) -> Fault {
        Fault {
            pc: text.as_ptr().expose_provenance() as u64 + at as u64,
            sp: fp,
            fp,
            address: fp,
            signal: 11,
        }
    }

    /// A stack of words; the address of its first.
    fn stack(words: &[u64]) -> u64 {
        words.as_ptr().expose_provenance() as u64
    }

    #[test]
    fn a_frame_that_stands_is_left_by_its_caller() {
        let words = [0x1111, 0x2222];
        let mut here = fault(&[0; 16], 8, stack(&words));
        here.address = 1;
        // SAFETY: the words are a frame's first two.
        let found = unsafe { stopped(&here, FaultIn::Function(9), None) };
        let sp = stack(&words) + 8;
        assert_eq!(found, Some(Stopped { sp, fp: 0x1111 }));
    }

    #[test]
    fn a_push_leaves_everything_as_it_was() {
        let here = Fault {
            pc: 1,
            sp: 800,
            fp: 900,
            address: 792,
            signal: 11,
        };
        for place in [FaultIn::Function(0), FaultIn::Stubs(0)] {
            // SAFETY: nothing is read.
            let found = unsafe { stopped(&here, place, Some(800)) };
            assert_eq!(found, Some(Stopped { sp: 800, fp: 900 }));
        }
    }

    #[test]
    fn a_frame_that_was_growing_is_found_where_it_was() {
        let short = [
            0x48, 0x89, 0xe5, 0x4c, 0x8b, 0x5c, 0x24, 0x10, 0x4c, 0x89, 0x1c, 0x24,
        ];
        let long = [
            0x4c, 0x8b, 0x9c, 0x24, 0x10, 0, 0, 0, 0x4c, 0x89, 0x1c, 0x24,
        ];
        // Two words of a guard, then the frame that stood there before.
        let words = [0, 0, 0x1111, 0x2222];
        let limit = stack(&words) + 8;
        for text in [&short, &long] {
            let here = fault(text, 8, stack(&words));
            // SAFETY: the text is the end of such a prologue.
            let found = unsafe { stopped(&here, FaultIn::Function(20), Some(limit)) };
            let sp = stack(&words) + 24;
            assert_eq!(found, Some(Stopped { sp, fp: 0x1111 }));
        }
        // No other instruction has a frame pointer down there.
        let mut other = long;
        other[8] = 0x90;
        let here = fault(&other, 8, stack(&words));
        // SAFETY: as above.
        let found = unsafe { stopped(&here, FaultIn::Function(20), Some(limit)) };
        assert_eq!(found, None);
    }

    #[test]
    fn who_switches_or_finishes_does_not_fault() {
        let here = fault(&[0; 4], 0, 16);
        let finish = super::super::stub_image().finish;
        for place in [FaultIn::Thunk, FaultIn::Stubs(finish)] {
            // SAFETY: nothing is read.
            assert_eq!(unsafe { stopped(&here, place, Some(24)) }, None);
        }
    }
}
