//! A process whose allocator gets no memory: a message and an exit code, where
//! Rust knows nothing but to abort.
//!
//! ```text
//!  allocator: null ─▶ REFUSED, of this thread ─┬─▶ who asked aborts ─▶ SIGABRT, in this thread
//!                                              └─▶ who asked can do without, and goes on
//!      handler: the process aborts by itself, for what was refused
//!          ─▶ gives the ballast back, diagnoses, says so, exits
//! ```
//!
//! A refusal that somebody coped with is no reason of a later abort. The abort that a
//! refusal causes comes from `handle_alloc_error`, which is then one of the thread's
//! innermost frames, and never is otherwise: it does not return. An optimizer that sees
//! the whole program may put it into its callers; so it also counts if the thread was
//! granted nothing since it was refused.

use crate::resource::error::ResourceError;
use crate::resource::need::Need;
use crate::trace;
use rustix::io::Errno;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering};

/// Bytes that are kept for the diagnosis, which needs memory itself. Large enough
/// for the allocator to give them back to the system.
const BALLAST: usize = 512 << 10;

/// What the allocator last refused a thread.
#[derive(Clone, Copy)]
struct Refused {
    /// How much; 0 if nothing.
    bytes: usize,
    /// Whether it has granted the thread nothing since.
    last: bool,
}

thread_local! {
    /// Neither made nor dropped by code, so that an allocator and a signal handler may
    /// use it.
    static REFUSED: Cell<Refused> = const {
        Cell::new(Refused {
            bytes: 0,
            last: false,
        })
    };
}

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

/// Notes a refusal, and that something was granted after one.
fn noted(pointer: *mut u8, size: usize) -> *mut u8 {
    let refused = REFUSED.get();
    if pointer.is_null() {
        let before = if refused.last { refused.bytes } else { 0 };
        REFUSED.set(Refused {
            // On the way to its end, the thread may ask for less, and in vain.
            bytes: before.max(size),
            last: true,
        });
    } else if refused.last {
        REFUSED.set(Refused {
            last: false,
            ..refused
        });
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
/// code if it aborts because [`NotingAllocator`] was refused memory. An abort for
/// another reason stays one, whatever was refused before and coped with.
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
            tracing::warn!(target: trace::RESOURCE, %error, "an exhausted process will abort");
        }
    }
}

/// The handler. Aborting is done by a thread in the middle of its own code, not
/// of the allocator's, so that what follows may allocate.
unsafe extern "C" fn on_abort(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    let refused = REFUSED.get();
    // SAFETY: the kernel hands a handler valid pointers; `raise` sends the signal
    // with the sender's process.
    let own = unsafe { (*info).si_code == libc::SI_TKILL && (*info).si_pid() == libc::getpid() };
    // SAFETY: the context is that of this thread, which waits where it aborts.
    let exhausted =
        || refused.bytes != 0 && (refused.last || unsafe { is_unhandled(context.cast()) });
    if !own || !exhausted() {
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
    let error = ResourceError::of(
        Need::Allocate,
        "allocate memory",
        Some(refused.bytes as u64),
        errno,
    );
    // Nowhere is left to say that standard error is closed.
    let _ = writeln!(io::stderr(), "error: {error}");
    // SAFETY: ends the process. Nothing that would run at its end is to be trusted
    // to do without memory.
    unsafe { libc::_exit(CODE.load(Ordering::Relaxed)) };
}

/// Bytes of frames between `handle_alloc_error` and the abort, at most.
const NEAR: usize = 8 << 10;
/// Bytes of code of `handle_alloc_error`, at most: it hands two numbers on.
const TINY: usize = 64;

/// Whether the thread aborts in `handle_alloc_error`: the address to which its only call
/// would return, which is behind its first instruction, is among the innermost frames.
///
/// # Safety
/// The context is of this thread, as a handler got it.
unsafe fn is_unhandled(context: *const libc::ucontext_t) -> bool {
    let start = std::alloc::handle_alloc_error as fn(Layout) -> ! as usize;
    // SAFETY: the kernel hands a handler a valid context.
    let sp = unsafe { (*context).uc_mcontext.gregs[libc::REG_RSP as usize] } as usize;
    let Some(end) = stack_end().filter(|end| (sp..=sp + (1 << 30)).contains(end)) else {
        return false;
    };
    let words = (end - sp).min(NEAR) / size_of::<usize>();
    let frames = ptr::with_exposed_provenance::<usize>(sp);
    (0..words)
        // SAFETY: between stack pointer and stack's end, memory is readable; no other
        // thread writes to what is looked at, and this one waits.
        .map(|at| unsafe { frames.wrapping_add(at).read_volatile() })
        .any(|word| (start + 1..=start + TINY).contains(&word))
}

/// Where this thread's stack ends, high up; none if it cannot be told.
fn stack_end() -> Option<usize> {
    let mut attributes = MaybeUninit::zeroed();
    let (mut low, mut size) = (ptr::null_mut(), 0);
    // SAFETY: the attributes are made by the first call, and good if it succeeds.
    let known = unsafe {
        libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) == 0
            && libc::pthread_attr_getstack(attributes.as_ptr(), &mut low, &mut size) == 0
    };
    known.then(|| low.addr() + size)
}
