//! What compiled code calls. The stubs are bytes: the compiler copies them into
//! each image, so that a call is near and a pc in one is a pc in the image.
//!
//! ```text
//!  mangrove_stub_text    call_host      saves the stack, runs a libcall on the host's, comes back,
//!                                       lands at a handler, or leaves Wasm by falling into
//!                        finish         a switch that saves nothing
//!  mangrove_stub_thunk   switch_thunk   one for each switch site
//! ```

use mangrove_abi::{ContRecord, InstanceContext, LibcallResult, StoreContext, StubImage, word};
use std::arch::global_asm;
use std::mem::offset_of;
use std::slice;

// Data, not code: nothing runs here in place.
global_asm!(
    ".pushsection .rodata.mangrove_stubs,\"a\",@progbits",
    ".balign 16",
    // call_host(rdi instance, rsi, rdx, rcx, r8 operands, r9 libcall) -> rax
    ".globl mangrove_stub_text",
    ".hidden mangrove_stub_text",
    "mangrove_stub_text:",
    "mov r10, [rdi + {store}]",
    "mov r11, [r10 + {current}]",
    // The stack looks suspended at this call: rsp points to the return address.
    "mov [r11 + {sp}], rsp",
    "mov [r11 + {fp}], rbp",
    // rbp carries the Wasm stack pointer over the libcall, which must preserve
    // it; as a side effect the frame chain runs on through the libcall.
    "push rbp",
    "mov rbp, rsp",
    ".globl mangrove_stub_framed",
    ".hidden mangrove_stub_framed",
    "mangrove_stub_framed:",
    // The context, for after the call: a libcall keeps rbp, and it lies there.
    "push r10",
    // From here on the host's stack, aligned to 16 as a call wants it.
    "mov rsp, [r10 + {host_sp}]",
    "call r9",
    // rax is the value, rdx the status. OK is 0.
    "test rdx, rdx",
    "jnz 2f",
    "mov rsp, rbp",
    "pop rbp",
    "ret",
    // It does not end here. An exception continues at its handler, in any
    // frame of any stack …
    "2:",
    "mov r10, [rbp - 8]",
    "cmp rdx, {land}",
    "jne 3f",
    "mov rax, [r10 + {land_exn}]",
    "mov rsp, [r10 + {land_sp}]",
    "mov rbp, [r10 + {land_fp}]",
    "jmp qword ptr [r10 + {land_pc}]",
    // … and a trap leaves Wasm, as by `finish(current, host_record, TRAPPED, 0)`.
    "3:",
    "mov rdi, [r10 + {current}]",
    "mov rsi, [r10 + {host_record}]",
    "mov rdx, {trapped}",
    "xor ecx, ecx",
    // finish(rdi own, rsi target, rdx word, rcx payload), never to come back.
    // What it leaves is nobody's any more: nothing is saved.
    ".globl mangrove_stub_finish",
    ".hidden mangrove_stub_finish",
    "mangrove_stub_finish:",
    "mov r9, [rsi + {sp}]",
    "mov rbp, [rsi + {fp}]",
    // The resume pc is taken off the stack, and jumped to from there.
    "lea rsp, [r9 + 8]",
    "jmp qword ptr [r9]",
    ".globl mangrove_stub_text_end",
    ".hidden mangrove_stub_text_end",
    "mangrove_stub_text_end:",
    ".balign 16",
    // switch_thunk(rdi own, rsi target, rdx word, rcx payload): each site has a
    // copy of its own, reached by a jump, so that nothing enters the CPU's
    // return predictor that no return will take out.
    ".globl mangrove_stub_thunk",
    ".hidden mangrove_stub_thunk",
    "mangrove_stub_thunk:",
    // The site's return point; the linker writes the displacement.
    "lea r8, [rip + 0]",
    ".globl mangrove_stub_thunk_return",
    ".hidden mangrove_stub_thunk_return",
    "mangrove_stub_thunk_return:",
    // What a call would have pushed. It does not hit the guard: see `Stopped`.
    "push r8",
    // Where an exception handler looks for its exception.
    "mov rax, rcx",
    "mov [rdi + {sp}], rsp",
    "mov [rdi + {fp}], rbp",
    "mov r9, [rsi + {sp}]",
    "mov rbp, [rsi + {fp}]",
    "lea rsp, [r9 + 8]",
    "jmp qword ptr [r9]",
    ".globl mangrove_stub_thunk_end",
    ".hidden mangrove_stub_thunk_end",
    "mangrove_stub_thunk_end:",
    ".popsection",
    store = const offset_of!(InstanceContext, store),
    current = const offset_of!(StoreContext, current),
    host_sp = const offset_of!(StoreContext, host_sp),
    host_record = const offset_of!(StoreContext, host_record),
    sp = const offset_of!(ContRecord, sp),
    fp = const offset_of!(ContRecord, fp),
    land_pc = const offset_of!(StoreContext, land_pc),
    land_sp = const offset_of!(StoreContext, land_sp),
    land_fp = const offset_of!(StoreContext, land_fp),
    land_exn = const offset_of!(StoreContext, land_exn),
    land = const LibcallResult::LAND,
    trapped = const word::TRAPPED,
);

unsafe extern "C" {
    static mangrove_stub_text: u8;
    static mangrove_stub_framed: u8;
    static mangrove_stub_finish: u8;
    static mangrove_stub_text_end: u8;
    static mangrove_stub_thunk: u8;
    static mangrove_stub_thunk_return: u8;
    static mangrove_stub_thunk_end: u8;
}

/// Bytes below a frame that a call of a stub writes: the return address, and the
/// two pushes of `call_host`. A switch thunk pushes one word.
pub(crate) const STUB_DEPTH: u32 = 24;

/// Offset in the stubs' text from which on `call_host` has a frame of its own.
pub(super) fn call_host_framed() -> u32 {
    ((&raw const mangrove_stub_framed).addr() - (&raw const mangrove_stub_text).addr()) as u32
}

/// Offset in the stubs' text at which `call_host` ends.
pub(super) fn call_host_end() -> u32 {
    ((&raw const mangrove_stub_finish).addr() - (&raw const mangrove_stub_text).addr()) as u32
}

/// The stubs every code image carries a copy of.
pub fn stub_image() -> StubImage {
    let text = &raw const mangrove_stub_text;
    let finish = &raw const mangrove_stub_finish;
    let thunk = &raw const mangrove_stub_thunk;
    let after_displacement = &raw const mangrove_stub_thunk_return;
    // SAFETY: each pair of symbols encloses bytes of one section, assembled
    // above, that are read-only and stay for the life of the program.
    let (text_bytes, thunk_bytes) = unsafe {
        (
            bytes_between(text, &raw const mangrove_stub_text_end),
            bytes_between(thunk, &raw const mangrove_stub_thunk_end),
        )
    };
    StubImage {
        text: text_bytes,
        call_host: 0,
        finish: (finish.addr() - text.addr()) as u32,
        switch_thunk: thunk_bytes,
        depth: STUB_DEPTH,
        // The displacement is the last field of the `lea`.
        switch_return: (after_displacement.addr() - thunk.addr()) as u32 - 4,
    }
}

/// The bytes from `start` up to `end`.
///
/// # Safety
/// Both bound one stretch of immutable static memory.
unsafe fn bytes_between(start: *const u8, end: *const u8) -> &'static [u8] {
    // SAFETY: the caller's contract.
    unsafe { slice::from_raw_parts(start, end.addr() - start.addr()) }
}
