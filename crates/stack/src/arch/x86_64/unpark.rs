//! Where a switch to a parked record arrives.

use mangrove_abi::{ContRecord, FuncRef, InstanceContext, StoreContext, reason};
use std::arch::naked_asm;
use std::mem::offset_of;

/// The address that a parked record's `sp` points to, in place of its resume pc.
pub(crate) fn unpark_stub() -> u64 {
    (on_arrival as *const ()).expose_provenance() as u64
}

/// Arrived at by a switch, with its registers: rsi is the parked record, and
/// rsp points into its buffer, at the address of the runtime's
/// [`crate::arch::Unpark`]. Calls that on the host's stack and goes on with the
/// switch; or, if there is no stack to be had, leaves Wasm.
#[unsafe(naked)]
unsafe extern "C" fn on_arrival() {
    naked_asm!(
        // The runtime's function, from the buffer; then the store's context, by way
        // of the record's function: no register of a switch holds it.
        "mov r9, [rsp]",
        "mov r10, [rsi + {func}]",
        "mov r10, [r10 + {instance}]",
        "mov r10, [r10 + {store}]",
        // rsp is in a buffer on the heap: nothing may be pushed before this.
        "mov rsp, [r10 + {host_sp}]",
        // The switch's registers, which the call may change, and the context, for
        // after it. Six words (r10 twice), so that rsp is as aligned as host_sp.
        "push rdi",
        "push rsi",
        "push rdx",
        "push rcx",
        "push r10",
        "push r10",
        // unpark(rdi context, rsi record) -> al
        "mov rdi, r10",
        "call r9",
        "pop r10",
        "pop r10",
        "pop rcx",
        "pop rdx",
        "pop rsi",
        "pop rdi",
        "test al, al",
        "jnz 2f",
        // No stack: what `finish(current, host_record, TRAPPED, 0)` does. The record
        // that was to be switched to is the running one already.
        "mov rdi, [r10 + {current}]",
        "mov rsi, [r10 + {host_record}]",
        "mov rdx, {trapped}",
        "xor ecx, ecx",
        // The rest of the switch, as in the thunk. The record's sp and fp are read
        // only now: unparking has set them.
        "2:",
        "mov rax, rcx",
        "mov r9, [rsi + {sp}]",
        "mov rbp, [rsi + {fp}]",
        "lea rsp, [r9 + 8]",
        "jmp qword ptr [r9]",
        func = const offset_of!(ContRecord, func),
        instance = const offset_of!(FuncRef, instance),
        store = const offset_of!(InstanceContext, store),
        current = const offset_of!(StoreContext, current),
        host_sp = const offset_of!(StoreContext, host_sp),
        host_record = const offset_of!(StoreContext, host_record),
        sp = const offset_of!(ContRecord, sp),
        fp = const offset_of!(ContRecord, fp),
        trapped = const reason::TRAPPED,
    )
}
