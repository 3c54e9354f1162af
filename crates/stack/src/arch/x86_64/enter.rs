//! The host's side of a switch: into Wasm, and back when something switches to the
//! host record.

use mangrove_abi::{ContRecord, StoreContext};
use std::arch::naked_asm;
use std::mem::{MaybeUninit, offset_of};

/// How Wasm came back to the host record.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Left {
    /// One of [`mangrove_abi::reason`].
    pub reason: i64,
    /// Value 0 of the results, if it travels in a register; unspecified after a trap.
    pub payload: u64,
    /// Who switched here; null after [`super::redirect_to_host`], which does not know.
    pub from: *mut ContRecord,
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
#[inline]
pub unsafe fn enter(
    store: *mut StoreContext,
    host: *mut ContRecord,
    target: *mut ContRecord,
    payload: u64,
) -> Left {
    let mut out = MaybeUninit::uninit();
    // SAFETY: the caller's contract; `out` is written before the call returns.
    unsafe {
        enter_raw(store, host, target, payload, out.as_mut_ptr());
        out.assume_init()
    }
}

/// The assembly of [`enter`].
///
/// # Safety
/// As for [`enter`]; `out` is writable.
#[unsafe(naked)]
unsafe extern "sysv64" fn enter_raw(
    store: *mut StoreContext,
    host: *mut ContRecord,
    target: *mut ContRecord,
    payload: u64,
    out: *mut Left,
) {
    naked_asm!(
        // What a System V function must keep and Wasm does not. rbp first, so that
        // the frame chain of Rust leads from here to the caller.
        "push rbp",
        "mov rbp, rsp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        // The out pointer, for when Wasm is left: no register comes back with it.
        "push r8",
        // The host record becomes one like any other: its resume pc is where sp
        // points, below everything that was kept.
        "lea r9, [rip + 2f]",
        "push r9",
        "mov [rsi + {sp}], rsp",
        "mov [rsi + {fp}], rbp",
        // Where libcalls run: from here down, as aligned as a call wants it. Below
        // sp, so that they leave what this call has kept alone.
        "mov r10, rsp",
        "and r10, -16",
        "mov [rdi + {host_sp}], r10",
        // From here on this is a switch like any other: own record, target, reason 0,
        // and the payload, which is in rcx already.
        "mov rdi, rsi",
        "mov rsi, rdx",
        "xor edx, edx",
        // Where a catch block looks for its exception, if this resumes by a throw.
        "mov rax, rcx",
        // The rest of the switch, as in the thunk.
        "mov r9, [rsi + {sp}]",
        "mov rbp, [rsi + {fp}]",
        "lea rsp, [r9 + 8]",
        "jmp qword ptr [r9]",
        // Something switched to the host record: rsp is above the resume pc, at the
        // out pointer, and rbp, which the switch has loaded, is the one kept here.
        "2:",
        "pop r8",
        "mov [r8 + {reason}], rdx",
        "mov [r8 + {payload}], rcx",
        "mov [r8 + {from}], rdi",
        // In the opposite order.
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        host_sp = const offset_of!(StoreContext, host_sp),
        sp = const offset_of!(ContRecord, sp),
        fp = const offset_of!(ContRecord, fp),
        reason = const offset_of!(Left, reason),
        payload = const offset_of!(Left, payload),
        from = const offset_of!(Left, from),
    )
}
