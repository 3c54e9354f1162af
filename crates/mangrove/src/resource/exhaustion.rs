//! A process whose allocator gets no memory: a message and an exit code, where
//! Rust knows nothing but to abort.
//!
//! ```text
//!  allocator: null ─▶ REFUSED ─▶ (who asked can do without, or aborts) ─▶ SIGABRT
//!      handler: REFUSED is set, and the process aborts by itself
//!          ─▶ gives the ballast back, diagnoses, says so, exits
//! ```

use super::{Need, ResourceError};
use rustix::io::Errno;
use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicUsize, Ordering};

/// Bytes that are kept for the diagnosis, which needs memory itself. Large enough
/// for the allocator to give them back to the system.
const BALLAST: usize = 512 << 10;

/// The most that the allocator was refused at once; 0 if nothing.
static REFUSED: AtomicUsize = AtomicUsize::new(0);
static BALLAST_AT: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
static CODE: AtomicI32 = AtomicI32::new(0);

/// The system's allocator, which notes what it is refused. Programs that call
/// [`exit_when_exhausted`] make it theirs.
///
/// # Examples
/// ```
/// #[global_allocator]
/// static ALLOCATOR: mangrove::NotingAllocator = mangrove::NotingAllocator;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct NotingAllocator;

/// Notes a refusal.
fn noted(pointer: *mut u8, size: usize) -> *mut u8 {
    if pointer.is_null() {
        // On the way to its end, the process may ask for more that is smaller.
        REFUSED.fetch_max(size, Ordering::Relaxed);
    }
    pointer
}

// SAFETY: every request is the system allocator's to answer.
unsafe impl GlobalAlloc for NotingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        noted(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        noted(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's contract.
        noted(unsafe { System.realloc(pointer, layout, size) }, size)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(pointer, layout) };
    }
}

fn ballast() -> Layout {
    Layout::from_size_align(BALLAST, 16).expect("a small block")
}

/// From now on the process ends with a message on standard error and this exit
/// code if it aborts after [`NotingAllocator`] was refused memory.
///
/// For programs, not for libraries: it takes the signal `SIGABRT`.
///
/// # Examples
/// ```
/// mangrove::exit_when_exhausted(3);
/// ```
pub fn exit_when_exhausted(code: u8) {
    CODE.store(code.into(), Ordering::Relaxed);
    // SAFETY: the layout is not of size 0. The ballast is given back in `on_abort`,
    // or never.
    let memory = unsafe { System.alloc(ballast()) };
    BALLAST_AT.store(memory, Ordering::Relaxed);
    // SAFETY: all zero but for what is set; the handler has the signature that
    // `SA_SIGINFO` asks for.
    unsafe {
        let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        action.sa_sigaction = on_abort as *const () as usize;
        // A second abort, in the handler, is the end. A thread that runs Wasm has a
        // signal stack.
        action.sa_flags =
            libc::SA_SIGINFO | libc::SA_RESETHAND | libc::SA_NODEFER | libc::SA_ONSTACK;
        libc::sigemptyset(&mut action.sa_mask);
        if libc::sigaction(libc::SIGABRT, &action, ptr::null_mut()) != 0 {
            let error = io::Error::last_os_error();
            tracing::warn!(%error, "an exhausted process will abort");
        }
    }
}

/// The handler. Aborting is done by a thread in the middle of its own code, not
/// of the allocator's, so that what follows may allocate.
unsafe extern "C" fn on_abort(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    _: *mut libc::c_void,
) {
    let bytes = REFUSED.load(Ordering::Relaxed);
    // SAFETY: the kernel hands a handler valid pointers; `raise` sends the signal
    // with the sender's process.
    let own = unsafe { (*info).si_code == libc::SI_TKILL && (*info).si_pid() == libc::getpid() };
    if bytes == 0 || !own {
        // SAFETY: the action is the default again (`SA_RESETHAND`), and ends the
        // process.
        unsafe { libc::raise(signal) };
        return;
    }
    let memory = BALLAST_AT.swap(ptr::null_mut(), Ordering::Relaxed);
    if !memory.is_null() {
        // SAFETY: made with this layout, and taken by nobody else.
        unsafe { System.dealloc(memory, ballast()) };
    }
    let errno = Some(Errno::NOMEM.raw_os_error());
    let error = ResourceError::of(Need::Allocate, "allocate memory", Some(bytes as u64), errno);
    // Nowhere is left to say that standard error is closed.
    let _ = writeln!(io::stderr(), "error: {error}");
    // SAFETY: ends the process. Nothing that would run at its end is to be trusted
    // to do without memory.
    unsafe { libc::_exit(CODE.load(Ordering::Relaxed)) };
}
