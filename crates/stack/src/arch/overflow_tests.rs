//! A stack that overflows: the guard, the signal, the way out.

use super::testing::Site;
use super::tests::{World, add, call_host};
use super::{fault_context, redirect_to_host};
use crate::arena::GuardKind;
use crate::{StackFrame, frames_from};
use mangrove_abi::reason;
use std::cell::Cell;
use std::{mem, ptr};

/// What the signal handler needs and finds.
struct Fault {
    world: *const World,
    addr: u64,
    frame: StackFrame,
    sp: u64,
}

thread_local! {
    static FAULT: Cell<*mut Fault> = const { Cell::new(ptr::null_mut()) };
}

extern "C" fn on_signal(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    ucontext: *mut libc::c_void,
) {
    let fault = FAULT.get();
    let ucontext = ucontext.cast::<libc::ucontext_t>();
    // SAFETY: the kernel's arguments, and the test's own fault and world,
    // which it does not touch while Wasm runs.
    unsafe {
        let (pc, fp, sp) = fault_context(ucontext);
        let addr = (*info).si_addr() as u64;
        let ours = !fault.is_null()
            && (*(*fault).world).code.contains(pc)
            && (*(*fault).world).arena.guard_contains(addr);
        if !ours {
            libc::signal(signal, libc::SIG_DFL);
            return;
        }
        (*fault).addr = addr;
        (*fault).frame = StackFrame { pc, fp };
        (*fault).sp = sp;
        redirect_to_host(ucontext, (*(*fault).world).host);
    }
}

fn handle_signals() {
    let stack = Box::leak(vec![0u8; 64 << 10].into_boxed_slice());
    // SAFETY: a handler that touches only what it may, on a stack that stays.
    unsafe {
        let alternate = libc::stack_t {
            ss_sp: stack.as_mut_ptr().cast(),
            ss_flags: 0,
            ss_size: stack.len(),
        };
        assert_eq!(libc::sigaltstack(&alternate, ptr::null_mut()), 0);
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = on_signal as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        assert_eq!(libc::sigaction(libc::SIGSEGV, &action, ptr::null_mut()), 0);
    }
}

fn overflow(guard: GuardKind) {
    handle_signals();
    let mut world = World::new(guard);
    // A neighbour below and above, whose memory an overflow must not reach.
    let neighbours = [
        world.fresh(Site::test_generator),
        world.fresh(Site::test_generator),
    ];
    for round in 0..3 {
        let mut fault = Fault {
            world: &raw const world,
            addr: 0,
            frame: StackFrame { pc: 0, fp: 0 },
            sp: 0,
        };
        FAULT.set(&raw mut fault);
        let (left, caller) = call_host(&mut world, u64::MAX, add);
        FAULT.set(ptr::null_mut());
        assert_eq!(
            (left.reason, left.from),
            (reason::TRAPPED, ptr::null_mut()),
            "round {round}"
        );
        // SAFETY: ours, and not running.
        let (limit, top) = unsafe { ((*caller).stack_limit, (*caller).stack_top) };
        assert!((limit - 64..limit).contains(&fault.addr));
        assert!((limit..limit + 64).contains(&fault.sp));
        // All of the stack is frames of 40 or 48 bytes, down to the trampoline.
        // SAFETY: the frame pointer at the fault, on a stack that stays.
        let depth = unsafe { frames_from(fault.frame.pc, fault.frame.fp).count() } as u64;
        assert!(
            (top - limit) / 48 <= depth && depth <= (top - limit) / 32 + 1,
            "{depth}"
        );
    }
    for neighbour in neighbours {
        assert_eq!(world.enter(neighbour, 7).payload, 7);
    }
}

#[test]
fn an_overflow_hits_the_guard_and_leaves() {
    overflow(GuardKind::Auto);
}

#[test]
fn an_overflow_hits_a_guard_of_mprotect_and_leaves() {
    overflow(GuardKind::Mprotect);
}
