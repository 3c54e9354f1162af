//! What compiled code calls. The stubs are bytes: the compiler copies them into
//! each image, so that a call is near and a pc in one is a pc in the image.
//!
//! ```text
//!  mangrove_stub_text    call_host      saves the stack, runs a libcall on the host's, comes back,
//!                                       goes on at a handler, switches, or leaves Wasm by
//!                                       falling into
//!                        finish         a switch that saves nothing
//!  mangrove_stub_thunk   switch_thunk   one for each switch site
//!  mangrove_stub_interrupt              the libcall Interrupt, in images that look for it
//! ```
//!
//! The last file on the road of a `resume`: `switch_thunk` is the switch.

use mangrove_abi::{
    ContRecord, InstanceContext, Leaving, Libcall, LibcallResult, StoreContext, StubImage, reason,
};
use std::arch::global_asm;
use std::mem::{offset_of, size_of};
use std::slice;

// Data, not code: nothing runs here in place.
global_asm!(
    ".pushsection .rodata.mangrove_stubs,\"a\",@progbits",
    ".balign 16",
    // ── call_host(rdi instance, rsi, rdx, rcx, r8 operands, r9 libcall) -> rax ──
    // A call from Wasm: rsp points to its return address. All registers but rsp and
    // rbp are clobbered by the caller's convention, so r10 and r11 are free, and
    // rdi to r8 stay what they are for the libcall.
    ".globl mangrove_stub_text",
    ".hidden mangrove_stub_text",
    "mangrove_stub_text:",
    // The running record, by way of the store: Wasm keeps neither in a register.
    "mov r10, [rdi + {store}]",
    "mov r11, [r10 + {current}]",
    // The stack now looks suspended at this call, with the return address as its
    // resume pc: a collection in the libcall walks it like any other.
    "mov [r11 + {sp}], rsp",
    "mov [r11 + {fp}], rbp",
    // rbp carries the Wasm stack pointer over the libcall, which must preserve
    // it; as a side effect the frame chain runs on through the libcall.
    "push rbp",
    "mov rbp, rsp",
    // From here on a fault finds the frames by rbp, and before by rsp.
    ".globl mangrove_stub_framed",
    ".hidden mangrove_stub_framed",
    "mangrove_stub_framed:",
    // The context, for a libcall that leaves: rbp is all that comes back.
    "push r10",
    // The host's stack, aligned to 16 as a call wants it. What Wasm's frames and
    // the libcall write no longer has to do with each other.
    "mov rsp, [r10 + {host_sp}]",
    "call r9",
    // rax is the value, rdx the status. OK is 0.
    "test rdx, rdx",
    "jnz 2f",
    // Back on the Wasm stack, above the context: nobody needs that word now.
    "mov rsp, rbp",
    "pop rbp",
    "ret",
    // A status other than OK: this call does not return. The context is the one
    // that was pushed, and r10 is free for it again.
    "2:",
    "mov r10, [rbp - 8]",
    "cmp rdx, {catch}",
    "jne 3f",
    // CATCH: an exception goes on at its handler, in any frame of any stack. The
    // runtime has said where; rax is where a catch block looks for the exception.
    "mov rax, [r10 + {catch_exn}]",
    "mov rsp, [r10 + {catch_sp}]",
    "mov rbp, [r10 + {catch_fp}]",
    "jmp qword ptr [r10 + {catch_pc}]",
    // SWITCH: the record's sp and fp are what this call has set them to, so its stack is
    // suspended here as at a switch, and comes back with rax, the payload, as the result.
    "3:",
    "cmp rdx, {switch}",
    "jne 4f",
    "mov rdi, [r10 + {leaving} + {from}]",
    "mov rsi, [r10 + {leaving} + {target}]",
    "mov rdx, [r10 + {leaving} + {reason}]",
    "mov rcx, [r10 + {leaving} + {payload}]",
    "mov rax, rcx",
    "jmp 5f",
    // LEAVE: a trap, or a host's error, leaves Wasm as by
    // finish(current, host_record, TRAPPED, 0), into which this falls. `current` is
    // read again: the libcall may have ended the record that called it.
    "4:",
    "mov rdi, [r10 + {current}]",
    "mov rsi, [r10 + {host_record}]",
    "mov rdx, {trapped}",
    "xor ecx, ecx",
    // ── finish(rdi own, rsi target, rdx reason, rcx payload), never to come back ──
    // What it leaves is nobody's any more, so nothing is saved, and the four
    // registers are the target's as they are.
    ".globl mangrove_stub_finish",
    ".hidden mangrove_stub_finish",
    "mangrove_stub_finish:",
    "5:",
    "mov r9, [rsi + {sp}]",
    "mov rbp, [rsi + {fp}]",
    // The resume pc is taken off the stack, and jumped to from there: the line it
    // is in is needed next in any case.
    "lea rsp, [r9 + 8]",
    "jmp qword ptr [r9]",
    ".globl mangrove_stub_text_end",
    ".hidden mangrove_stub_text_end",
    "mangrove_stub_text_end:",
    ".balign 16",
    // ── switch_thunk(rdi own, rsi target, rdx reason, rcx payload) ──
    // Each site has a copy of its own, reached by a jump: a call would enter the
    // CPU's return predictor, and no return would ever take it out.
    ".globl mangrove_stub_thunk",
    ".hidden mangrove_stub_thunk",
    "mangrove_stub_thunk:",
    // The site's return point; the linker writes the displacement.
    "lea r8, [rip + 0]",
    ".globl mangrove_stub_thunk_return",
    ".hidden mangrove_stub_thunk_return",
    "mangrove_stub_thunk_return:",
    // What a call would have pushed: the resume pc. It cannot hit the guard, since
    // the function has touched its stack (`STUB_DEPTH`).
    "push r8",
    // Where a catch block looks for its exception, if this is a throw.
    "mov rax, rcx",
    // The whole of a saved context: the site keeps no other register.
    "mov [rdi + {sp}], rsp",
    "mov [rdi + {fp}], rbp",
    // And the other side's, as `finish` takes it.
    "mov r9, [rsi + {sp}]",
    "mov rbp, [rsi + {fp}]",
    "lea rsp, [r9 + 8]",
    "jmp qword ptr [r9]",
    ".globl mangrove_stub_thunk_end",
    ".hidden mangrove_stub_thunk_end",
    "mangrove_stub_thunk_end:",
    ".balign 16",
    // ── interrupt(rdi instance, rsi why) ──
    // Keeps every register: code that calls this out of line, in a loop that calls nothing
    // else, has its values where it wants them. It is a function as the walk, and a fault,
    // see it, with a frame and one call; what it has saved is no root, since roots are in
    // their frame's slots over a call, and no address of the stack, which no register has.
    // So whoever switches to a stack that is left in here goes on behind the call as well.
    ".globl mangrove_stub_interrupt",
    ".hidden mangrove_stub_interrupt",
    "mangrove_stub_interrupt:",
    "push rbp",
    "mov rbp, rsp",
    "sub rsp, {saved}",
    "mov [rsp + 0], rax",
    "mov [rsp + 8], rcx",
    "mov [rsp + 16], rdx",
    "mov [rsp + 24], rbx",
    "mov [rsp + 32], rsi",
    "mov [rsp + 40], rdi",
    "mov [rsp + 48], r8",
    "mov [rsp + 56], r9",
    "mov [rsp + 64], r10",
    "mov [rsp + 72], r11",
    "mov [rsp + 80], r12",
    "mov [rsp + 88], r13",
    "mov [rsp + 96], r14",
    "mov [rsp + 104], r15",
    "movups [rsp + 112], xmm0",
    "movups [rsp + 128], xmm1",
    "movups [rsp + 144], xmm2",
    "movups [rsp + 160], xmm3",
    "movups [rsp + 176], xmm4",
    "movups [rsp + 192], xmm5",
    "movups [rsp + 208], xmm6",
    "movups [rsp + 224], xmm7",
    "movups [rsp + 240], xmm8",
    "movups [rsp + 256], xmm9",
    "movups [rsp + 272], xmm10",
    "movups [rsp + 288], xmm11",
    "movups [rsp + 304], xmm12",
    "movups [rsp + 320], xmm13",
    "movups [rsp + 336], xmm14",
    "movups [rsp + 352], xmm15",
    "mov r9, [rdi + {store}]",
    "mov r9, [r9 + {libcalls}]",
    "mov r9, [r9 + {interrupt}]",
    // To `call_host`; the linker writes the distance.
    ".byte 0xe8, 0, 0, 0, 0",
    ".globl mangrove_stub_interrupt_return",
    ".hidden mangrove_stub_interrupt_return",
    "mangrove_stub_interrupt_return:",
    "mov rax, [rsp + 0]",
    "mov rcx, [rsp + 8]",
    "mov rdx, [rsp + 16]",
    "mov rbx, [rsp + 24]",
    "mov rsi, [rsp + 32]",
    "mov rdi, [rsp + 40]",
    "mov r8, [rsp + 48]",
    "mov r9, [rsp + 56]",
    "mov r10, [rsp + 64]",
    "mov r11, [rsp + 72]",
    "mov r12, [rsp + 80]",
    "mov r13, [rsp + 88]",
    "mov r14, [rsp + 96]",
    "mov r15, [rsp + 104]",
    "movups xmm0, [rsp + 112]",
    "movups xmm1, [rsp + 128]",
    "movups xmm2, [rsp + 144]",
    "movups xmm3, [rsp + 160]",
    "movups xmm4, [rsp + 176]",
    "movups xmm5, [rsp + 192]",
    "movups xmm6, [rsp + 208]",
    "movups xmm7, [rsp + 224]",
    "movups xmm8, [rsp + 240]",
    "movups xmm9, [rsp + 256]",
    "movups xmm10, [rsp + 272]",
    "movups xmm11, [rsp + 288]",
    "movups xmm12, [rsp + 304]",
    "movups xmm13, [rsp + 320]",
    "movups xmm14, [rsp + 336]",
    "movups xmm15, [rsp + 352]",
    "mov rsp, rbp",
    "pop rbp",
    "ret",
    ".globl mangrove_stub_interrupt_end",
    ".hidden mangrove_stub_interrupt_end",
    "mangrove_stub_interrupt_end:",
    ".popsection",
    store = const offset_of!(InstanceContext, store),
    current = const offset_of!(StoreContext, current),
    host_sp = const offset_of!(StoreContext, host_sp),
    host_record = const offset_of!(StoreContext, host_record),
    sp = const offset_of!(ContRecord, sp),
    fp = const offset_of!(ContRecord, fp),
    catch_pc = const offset_of!(StoreContext, catch_pc),
    catch_sp = const offset_of!(StoreContext, catch_sp),
    catch_fp = const offset_of!(StoreContext, catch_fp),
    catch_exn = const offset_of!(StoreContext, catch_exn),
    catch = const LibcallResult::CATCH,
    switch = const LibcallResult::SWITCH,
    leaving = const offset_of!(StoreContext, leaving),
    from = const offset_of!(Leaving, from),
    target = const offset_of!(Leaving, target),
    reason = const offset_of!(Leaving, reason),
    payload = const offset_of!(Leaving, payload),
    trapped = const reason::TRAPPED,
    saved = const SAVED_BYTES,
    libcalls = const offset_of!(StoreContext, libcalls),
    interrupt = const Libcall::Interrupt as usize * size_of::<usize>(),
);

unsafe extern "C" {
    static mangrove_stub_text: u8;
    static mangrove_stub_framed: u8;
    static mangrove_stub_finish: u8;
    static mangrove_stub_text_end: u8;
    static mangrove_stub_thunk: u8;
    static mangrove_stub_thunk_return: u8;
    static mangrove_stub_thunk_end: u8;
    static mangrove_stub_interrupt: u8;
    static mangrove_stub_interrupt_return: u8;
    static mangrove_stub_interrupt_end: u8;
}

/// Bytes that `interrupt` saves: 14 registers and 16 vectors.
const SAVED_BYTES: usize = 14 * 8 + 16 * 16;

/// Bytes below a frame that a call of a stub writes: the return address, and the
/// two pushes of `call_host`. A switch thunk pushes one word. (`interrupt` writes more, and
/// is called where nothing is half done.)
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
    let interrupt = &raw const mangrove_stub_interrupt;
    let after_call = &raw const mangrove_stub_interrupt_return;
    // SAFETY: each pair of symbols encloses bytes of one section, assembled
    // above, that are read-only and stay for the life of the program.
    let (text_bytes, thunk_bytes, interrupt_bytes) = unsafe {
        (
            bytes_between(text, &raw const mangrove_stub_text_end),
            bytes_between(thunk, &raw const mangrove_stub_thunk_end),
            bytes_between(interrupt, &raw const mangrove_stub_interrupt_end),
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
        interrupt: interrupt_bytes,
        interrupt_call: (after_call.addr() - interrupt.addr()) as u32 - 4,
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
