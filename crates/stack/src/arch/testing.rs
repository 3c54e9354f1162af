//! Code as the compiler would write it, by hand: a few functions in the `tail`
//! convention with placeholders, and the linking that fills them in. What its lines are for
//! is what the same lines of compiled code and of the stubs are for.

use super::stub_image;
use mangrove_abi::{ContRecord, RecordId, RecordState};
use rustix::mm::{self, MapFlags, MprotectFlags, ProtFlags};
use std::arch::{global_asm, naked_asm};
use std::mem::offset_of;
use std::{ptr, slice};

// Each placeholder is five bytes in front of its label, as `call rel32` or
// `jmp rel32` would be. A function that finds something amiss executes `ud2`.
global_asm!(
    ".pushsection .rodata.mangrove_test_code,\"a\",@progbits",
    ".hidden test_code, test_code_end, test_generator, test_generator_site",
    ".hidden test_generator_finish, test_resumer, test_resumer_site, test_resumer_finish",
    ".hidden test_caller, test_caller_return, test_caller_finish, test_recurse",
    ".hidden test_recurse_return, test_recurse_host, test_generator_throw, test_caller_catch",
    ".globl test_code, test_code_end, test_generator, test_generator_site",
    ".globl test_generator_finish, test_resumer, test_resumer_site, test_resumer_finish",
    ".globl test_caller, test_caller_return, test_caller_finish, test_recurse",
    ".globl test_recurse_return, test_recurse_host, test_generator_throw, test_caller_catch",
    "test_code:",
    // A trampoline that yields a running sum, begun with its payload, to its
    // parent; adds what comes back; returns the sum when that is 0. Has a
    // handler that returns the exception.
    "test_generator:",
    "mov rax, rsp",
    "and rax, 15",
    "cmp rax, 8",
    "jne 9f",
    "push rbp",
    "mov rbp, rsp",
    "sub rsp, 16",
    "mov [rbp - 8], rcx",
    "2:",
    "mov rdi, rsi",
    "mov rsi, [rdi + {parent}]",
    "mov edx, {handled}",
    "mov rcx, [rbp - 8]",
    "xor ebx, ebx",
    "xor r12d, r12d",
    "xor r13d, r13d",
    "xor r14d, r14d",
    "xor r15d, r15d",
    ".byte 0xe8, 0, 0, 0, 0",
    "test_generator_site:",
    "test rdx, rdx",
    "jnz 9f",
    "add [rbp - 8], rcx",
    "test rcx, rcx",
    "jnz 2b",
    "3:",
    "mov rdi, rsi",
    "mov rsi, [rdi + {parent}]",
    "xor edx, edx",
    "mov rcx, [rbp - 8]",
    "leave",
    ".byte 0xe9, 0, 0, 0, 0",
    "test_generator_finish:",
    "test_generator_throw:",
    "mov [rbp - 8], rax",
    "jmp 3b",
    "9: ud2",
    // A trampoline that resumes the generator whose record is its payload with
    // 5, 4, … 0 and returns the sum of all it hears.
    "test_resumer:",
    "push rbp",
    "mov rbp, rsp",
    "sub rsp, 32",
    "mov [rbp - 8], rsi",
    "mov [rbp - 16], rcx",
    "mov qword ptr [rbp - 24], 0",
    "mov qword ptr [rbp - 32], 5",
    "2:",
    "mov rdi, [rbp - 8]",
    "mov rsi, [rbp - 16]",
    "mov [rsi + {parent}], rdi",
    "xor edx, edx",
    "mov rcx, [rbp - 32]",
    ".byte 0xe8, 0, 0, 0, 0",
    "test_resumer_site:",
    "cmp rsi, [rbp - 8]",
    "jne 9f",
    "cmp rdi, [rbp - 16]",
    "jne 9f",
    "add [rbp - 24], rcx",
    "dec qword ptr [rbp - 32]",
    "cmp rdx, {handled}",
    "je 2b",
    "mov rdi, rsi",
    "mov rsi, [rdi + {parent}]",
    "xor edx, edx",
    "mov rcx, [rbp - 24]",
    "leave",
    ".byte 0xe9, 0, 0, 0, 0",
    "test_resumer_finish:",
    "9: ud2",
    // A trampoline that takes (instance, depth, libcall) from where its payload
    // points, calls itself so deep, and calls the host from there. Has a handler
    // that returns the exception.
    "test_caller:",
    "push rbp",
    "mov rbp, rsp",
    "sub rsp, 16",
    "mov [rbp - 8], rsi",
    "mov rdi, [rcx]",
    "mov rsi, [rcx + 8]",
    "mov r9, [rcx + 16]",
    "mov ebx, 77",
    "call test_recurse",
    "test_caller_return:",
    "cmp ebx, 77",
    "jne 9f",
    "test_caller_catch:",
    "mov rdi, [rbp - 8]",
    "mov rsi, [rdi + {parent}]",
    "xor edx, edx",
    "mov rcx, rax",
    "leave",
    ".byte 0xe9, 0, 0, 0, 0",
    "test_caller_finish:",
    "9: ud2",
    "test_recurse:",
    "push rbp",
    "mov rbp, rsp",
    "sub rsp, 16",
    "test rsi, rsi",
    "jz 2f",
    "dec rsi",
    "call test_recurse",
    "test_recurse_return:",
    "leave",
    "ret",
    "2:",
    "mov esi, 1",
    "mov edx, 20",
    "mov ecx, 300",
    "mov r8d, 4000",
    ".byte 0xe8, 0, 0, 0, 0",
    "test_recurse_host:",
    "leave",
    "ret",
    "test_code_end:",
    ".popsection",
    parent = const offset_of!(ContRecord, parent),
    handled = const mangrove_abi::reason::HANDLED,
);

macro_rules! symbols {
    ($($name:ident)*) => {
        unsafe extern "C" { static test_code: u8; $(static $name: u8;)* }
        /// Addresses in the test code.
        #[derive(Clone, Copy, Debug)]
        #[allow(non_camel_case_types)]
        pub(super) enum Site { $($name,)* }
        impl Site {
            fn offset(self) -> usize {
                let at = match self { $(Self::$name => (&raw const $name).addr(),)* };
                at - (&raw const test_code).addr()
            }
        }
    };
}

symbols! {
    test_code_end test_generator test_generator_site test_generator_finish
    test_resumer test_resumer_site test_resumer_finish test_caller test_caller_return
    test_caller_finish test_recurse_return test_recurse_host test_generator_throw
    test_caller_catch
}

/// The test code, linked and executable.
pub(super) struct Code {
    base: *mut u8,
    len: usize,
    /// Offset of the test code behind the stubs.
    code: usize,
}

impl Code {
    /// Places stubs, test code and one thunk for each switch site, and fills
    /// the placeholders in.
    pub(super) fn link() -> Self {
        let stubs = stub_image();
        // SAFETY: the symbols bound read-only bytes of one section.
        let code =
            unsafe { slice::from_raw_parts(&raw const test_code, Site::test_code_end.offset()) };
        let mut text = stubs.text.to_vec();
        let at = text.len();
        text.extend_from_slice(code);
        for site in [Site::test_generator_site, Site::test_resumer_site] {
            let back = at + site.offset();
            let thunk = text.len();
            text.extend_from_slice(stubs.switch_thunk);
            text[back - 5] = 0xe9;
            patch(&mut text, back - 4, thunk);
            patch(&mut text, thunk + stubs.switch_return as usize, back);
        }
        for (site, stub) in [
            (Site::test_generator_finish, stubs.finish),
            (Site::test_resumer_finish, stubs.finish),
            (Site::test_caller_finish, stubs.finish),
            (Site::test_recurse_host, stubs.call_host),
        ] {
            patch(&mut text, at + site.offset() - 4, stub as usize);
        }
        Self {
            base: executable(&text),
            len: text.len(),
            code: at,
        }
    }

    /// The address of a place.
    pub(super) fn at(&self, place: Site) -> *const u8 {
        self.base.wrapping_add(self.code + place.offset())
    }

    /// Whether the address lies in the code, stubs and thunks included.
    pub(super) fn contains(&self, pc: u64) -> bool {
        (pc as usize).wrapping_sub(self.base.addr()) < self.len
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        // SAFETY: what `executable` mapped; no test runs its code any more.
        unsafe { mm::munmap(self.base.cast(), self.len).unwrap() };
    }
}

/// Writes at `field` how far `target` is from the field's end.
fn patch(text: &mut [u8], field: usize, target: usize) {
    let displacement = (target as i32) - (field as i32 + 4);
    text[field..field + 4].copy_from_slice(&displacement.to_le_bytes());
}

fn executable(text: &[u8]) -> *mut u8 {
    // SAFETY: a new mapping, written before it becomes executable.
    unsafe {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let base =
            mm::mmap_anonymous(ptr::null_mut(), text.len(), protection, MapFlags::PRIVATE).unwrap();
        base.cast::<u8>()
            .copy_from_nonoverlapping(text.as_ptr(), text.len());
        mm::mprotect(base, text.len(), MprotectFlags::READ | MprotectFlags::EXEC).unwrap();
        base.cast()
    }
}

/// A record, boxed because its address matters, with the address itself.
pub(super) fn record(state: RecordState) -> *mut ContRecord {
    Box::into_raw(Box::new(ContRecord::new(RecordId::new(0), state)))
}

/// Calls `call(argument)` with known values in all callee-saved registers;
/// whether all of them came back.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn preserves_registers(
    call: unsafe extern "sysv64" fn(*mut u8),
    argument: *mut u8,
) -> bool {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        "mov ebp, 1001",
        "mov ebx, 1002",
        "mov r12d, 1003",
        "mov r13d, 1004",
        "mov r14d, 1005",
        "mov r15d, 1006",
        "mov rax, rdi",
        "mov rdi, rsi",
        "call rax",
        "xor eax, eax",
        "cmp rbp, 1001",
        "jne 2f",
        "cmp rbx, 1002",
        "jne 2f",
        "cmp r12, 1003",
        "jne 2f",
        "cmp r13, 1004",
        "jne 2f",
        "cmp r14, 1005",
        "jne 2f",
        "cmp r15, 1006",
        "jne 2f",
        "mov eax, 1",
        "2:",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}
