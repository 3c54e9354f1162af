//! x86-64: all assembly of the project.
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
//! record from another. **Registers of a switch**: who leaves gives rdi = own
//! record, rsi = target, rdx = word, rcx = payload. On arrival nothing has
//! moved: rdi = who switched here, rsi = own record, rdx = word, rcx = payload.
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

use mangrove_abi::record::FRESH_WORDS;
use mangrove_abi::{ContRecord, InstanceContext, LibcallResult, StoreContext, StubImage, word};
use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
use std::arch::{global_asm, naked_asm};
use std::mem::{MaybeUninit, offset_of};
use std::{ptr, slice};

// The stubs as bytes: the compiler copies them into each image, so they lie in
// read-only data and never run in place.
global_asm!(
    ".pushsection .rodata.mangrove_stubs,\"a\",@progbits",
    ".balign 16",
    // call_host(rdi instance, rsi, rdx, rcx, r8 operands, r9 libcall) -> rax
    ".globl mangrove_stub_text",
    ".hidden mangrove_stub_text",
    "mangrove_stub_text:",
    "mov r10, [rdi + {store}]",
    "mov r11, [r10 + {current}]",
    "mov [r11 + {sp}], rsp",
    "mov [r11 + {fp}], rbp",
    // rbp carries the Wasm stack pointer over the libcall, which must preserve
    // it; as a side effect the frame chain runs on through the libcall.
    "push rbp",
    "mov rbp, rsp",
    ".globl mangrove_stub_framed",
    ".hidden mangrove_stub_framed",
    "mangrove_stub_framed:",
    "push r10",
    "mov rsp, [r10 + {host_sp}]",
    "call r9",
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
    // finish(rdi own, rsi target, rdx word, rcx payload), never to come back
    ".globl mangrove_stub_finish",
    ".hidden mangrove_stub_finish",
    "mangrove_stub_finish:",
    "mov r9, [rsi + {sp}]",
    "mov rbp, [rsi + {fp}]",
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
    "lea r8, [rip + 0]",
    ".globl mangrove_stub_thunk_return",
    ".hidden mangrove_stub_thunk_return",
    "mangrove_stub_thunk_return:",
    "push r8",
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

/// Makes the stack of `record` fresh: the first switch to it arrives at `entry`,
/// an entry trampoline, with the base of the frame chain below it.
///
/// # Safety
/// The record has a stack (`stack_top` is set) on which nothing is needed any
/// more, and `entry` is the address of a compiled entry trampoline.
pub unsafe fn prepare(record: *mut ContRecord, entry: *const u8) {
    // SAFETY: the caller vouches for the record, and the two words below the
    // top of its stack are writable memory nobody else uses.
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

/// How Wasm came back to the host record.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Entered {
    /// One of [`mangrove_abi::word`].
    pub word: i64,
    /// Value 0 of the results, if it travels in a register; unspecified after a trap.
    pub payload: u64,
    /// Who switched here; null after [`redirect_to_host`], which does not know.
    pub from: *mut ContRecord,
}

/// Switches from the host to `target` and returns when something switches to
/// `host`. Sets [`StoreContext::host_sp`], so that host calls of the Wasm code
/// run below this call's frame; the caller keeps the old value if it is itself
/// inside such a host call. The word the target gets is 0.
///
/// # Safety
/// - `target` is fresh or suspended, and everything its code expects of
///   `store`, its instance and its chain holds; `host` is a host record that no
///   other activation uses.
/// - Only a switch to `host` ends the activation: `finish`, a trap, or the
///   signal handler. No Rust frame between here and there holds anything that
///   must be dropped.
pub unsafe fn enter(
    store: *mut StoreContext,
    host: *mut ContRecord,
    target: *mut ContRecord,
    payload: u64,
) -> Entered {
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
    out: *mut Entered,
) {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push r8",
        "lea r9, [rip + 2f]",
        "push r9",
        "mov [rsi + {sp}], rsp",
        "mov [rsi + {fp}], rbp",
        "mov r10, rsp",
        "and r10, -16",
        "mov [rdi + {host_sp}], r10",
        // From here on this is a switch like any other.
        "mov rdi, rsi",
        "mov rsi, rdx",
        "xor edx, edx",
        "mov rax, rcx",
        "mov r9, [rsi + {sp}]",
        "mov rbp, [rsi + {fp}]",
        "lea rsp, [r9 + 8]",
        "jmp qword ptr [r9]",
        "2:",
        "pop r8",
        "mov [r8 + {word}], rdx",
        "mov [r8 + {payload}], rcx",
        "mov [r8 + {from}], rdi",
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
        word = const offset_of!(Entered, word),
        payload = const offset_of!(Entered, payload),
        from = const offset_of!(Entered, from),
    )
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
/// the thread is where a switch to `host` with word [`word::TRAPPED`] would
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
        set(libc::REG_RDX, word::TRAPPED as u64);
        set(libc::REG_RCX, 0);
    }
}
