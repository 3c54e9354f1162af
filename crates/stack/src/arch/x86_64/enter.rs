//! The host's side of a switch: into Wasm, and back when something switches to the
//! host record.

use mangrove_abi::{ContRecord, StoreContext};
use std::arch::asm;
use std::mem::offset_of;
use std::ptr;

/// How Wasm came back to the host record.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    /// One of [`mangrove_abi::reason`].
    pub reason: i64,
    /// Value 0 of the results, if it travels in a register; unspecified after a trap.
    pub payload: u64,
    /// Who switched here; null after [`super::redirect_to_host`], which does not know.
    pub from: *mut ContRecord,
}

/// Where libcalls run while Wasm does that was entered by way of this host record: what
/// [`enter`] has set [`StoreContext::host_sp`] to.
///
/// # Safety
/// The host has entered Wasm by way of it, and is not back.
#[inline]
pub unsafe fn host_sp(host: *const ContRecord) -> u64 {
    // SAFETY: by contract. From where the host's stack ends, as aligned as a call wants it.
    unsafe { (*host).sp & !15 }
}

/// The host's side of a switch: what is kept, the instructions that go on at the target,
/// given the operands that only they have, and what comes back.
macro_rules! switch {
    ($store:ident, $host:ident, $target:ident, $payload:ident,
     [$($instruction:literal),*], $($operand:tt)*) => {{
        let (reason, payload, from);
        asm!(
            // What cannot be named below. rbp first, so that the frame chain of Rust
            // leads from here to the caller.
            "push rbp",
            "mov rbp, rsp",
            "push rbx",
            // The host record becomes one like any other: its resume pc is where sp
            // points, below everything that was kept.
            "lea r10, [rip + 2f]",
            "push r10",
            "mov [rdi + {sp}], rsp",
            "mov [rdi + {fp}], rbp",
            // Where libcalls run: from here down, as aligned as a call wants it. Below
            // sp, so that they leave what this call has kept alone.
            "mov r10, rsp",
            "and r10, -16",
            "mov [r11 + {host_sp}], r10",
            // From here on this is a switch like any other: own record, target, reason 0,
            // and the payload, which are in their registers already.
            $($instruction,)*
            // Something switched to the host record: rsp is above the resume pc, and
            // rbp, which the switch has loaded, is where it was set above.
            "2:",
            "pop rbx",
            "pop rbp",
            host_sp = const offset_of!(StoreContext, host_sp),
            sp = const offset_of!(ContRecord, sp),
            fp = const offset_of!(ContRecord, fp),
            inout("r11") $store => _,
            inout("rdi") $host => from,
            inout("rsi") $target => _,
            inout("rdx") 0i64 => reason,
            inout("rcx") $payload => payload,
            out("r12") _,
            out("r13") _,
            out("r14") _,
            out("r15") _,
            $($operand)*
            clobber_abi("sysv64"),
        );
        Left {
            reason,
            payload,
            from,
        }
    }};
}

/// Switches from the host to `target` and returns when something switches to
/// `host`. Sets [`StoreContext::host_sp`], so that host calls of the Wasm code
/// run below this call's frame; the caller keeps the old value if it is itself
/// inside such a host call. The reason the target gets is 0.
///
/// # Safety
/// - `target` is fresh or suspended, and everything its code expects of
///   `store`, its instance and its chain holds; `host` is a host record that no
///   other activation uses.
/// - Only a switch to `host` ends the activation: `finish`, a trap, or the
///   signal handler. No Rust frame between here and there holds anything that
///   must be dropped.
#[inline(always)]
pub unsafe fn enter(
    store: *mut StoreContext,
    host: *mut ContRecord,
    target: *mut ContRecord,
    payload: u64,
) -> Left {
    // SAFETY: the caller's contract. Whatever System V lets a function keep is kept: rbp
    // and rbx by the assembly, all else by the compiler, which is told that it is gone.
    unsafe {
        switch!(
            store,
            host,
            target,
            payload,
            [
                // Where a catch block looks for its exception, if this resumes by a throw.
                "mov rax, rcx",
                // The rest of the switch, as in the thunk.
                "mov r9, [rsi + {sp}]",
                "mov rbp, [rsi + {fp}]",
                "lea rsp, [r9 + 8]",
                "jmp qword ptr [r9]"
            ],
        )
    }
}

/// [`enter`] for a continuation that has not run, at its entry trampoline. What
/// [`super::prepare`] would write into the record, and onto its stack, to be read here, goes
/// by registers instead: its saved context is what it was.
///
/// # Safety
/// As for [`enter`]. The record has a stack on which nothing is needed any more, and at
/// whose base lies what `prepare` once put there, which nothing that runs overwrites;
/// `entry` is the address of the function's entry trampoline.
#[inline(always)]
pub unsafe fn enter_fresh(
    store: *mut StoreContext,
    host: *mut ContRecord,
    target: *mut ContRecord,
    entry: *const u8,
    payload: u64,
) -> Left {
    // SAFETY: the caller's contract, and as above.
    unsafe {
        let top = (*target).stack_top;
        debug_assert_eq!(
            ptr::with_exposed_provenance::<u64>(top as usize - 8).read(),
            0
        );
        switch!(
            store,
            host,
            target,
            payload,
            [
                // As a switch finds them: the base of the frame chain, and the stack
                // above the entry that it has jumped to.
                "xor ebp, ebp",
                "lea rsp, [r9 - 8]",
                "jmp r8"
            ],
            inout("r8") entry => _,
            inout("r9") top => _,
        )
    }
}
