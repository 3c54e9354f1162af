//! Faults in Wasm code.
//!
//! Compiled code leaves many checks to the machine: a division by zero, an
//! access beyond a memory, a null reference, the guard of a stack. The handler
//! runs on a signal stack of the thread's own (the Wasm stack may be full),
//! writes down what happened, and makes the thread go on in the host, where
//! [`crate::call`] takes over. A fault anywhere else goes to whoever handled
//! the signal before us.
//!
//! ```text
//!  thread ─ innermost ─▶ StoreContext ─ host_record ─▶ where to go on
//! ```

use crate::code::is_code;
use crate::error::Error;
use crate::mapping::Mapping;
use crate::refusals::map_error;
use crate::resource::need::Need;
use mangrove_abi::{Requests, StoreContext};
use mangrove_stack::arch;
use std::cell::{Cell, OnceCell};
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::{io, ptr};

/// The signals by which the machine reports a fault.
const SIGNALS: [libc::c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];
/// Bytes of a thread's signal stack: the kernel's frame takes up to 12 KiB with
/// the widest registers, the handler little, a handler before us who knows.
const SIGNAL_STACK: usize = 128 << 10;

/// Who handled each signal before us.
static PREVIOUS: OnceLock<Result<[libc::sigaction; 4], i32>> = OnceLock::new();

/// What a thread knows of the Wasm it runs.
struct ThreadState {
    /// Context of the store whose Wasm this thread runs, or null.
    innermost: Cell<*mut StoreContext>,
    /// Whether the thread has its signal stack.
    ready: Cell<bool>,
}

thread_local! {
    // Without a destructor, so that asking is one load.
    static STATE: ThreadState = const {
        ThreadState {
            innermost: Cell::new(ptr::null_mut()),
            ready: Cell::new(false),
        }
    };
    static STACK: OnceCell<SignalStack> = const { OnceCell::new() };
}

/// This thread, ready for faults in Wasm. Stays on it.
#[derive(Clone, Copy)]
pub struct Thread(NonNull<ThreadState>);

/// Installs the handler, once per process.
///
/// # Errors
/// The system refuses.
pub fn install() -> Result<(), Error> {
    let installed = PREVIOUS.get_or_init(|| {
        let mut previous = [const { MaybeUninit::<libc::sigaction>::uninit() }; 4];
        for (signal, old) in SIGNALS.into_iter().zip(&mut previous) {
            // SAFETY: the action is all zero but for what is set, its handler
            // has the signature `SA_SIGINFO` asks for and touches nothing that
            // must not be touched in a handler; `old` is written.
            let result = unsafe {
                let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
                action.sa_sigaction = handler();
                // A fault in the handler itself must not be blocked, or it ends
                // the process without a word.
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
                libc::sigemptyset(&mut action.sa_mask);
                libc::sigaction(signal, &action, old.as_mut_ptr())
            };
            if result != 0 {
                return Err(io::Error::last_os_error().raw_os_error().unwrap_or(0));
            }
        }
        // SAFETY: `sigaction` wrote each.
        Ok(previous.map(|old| unsafe { old.assume_init() }))
    });
    match installed {
        Ok(_) => Ok(()),
        Err(code) => Err(Error::Limit(format!(
            "cannot handle faults: {}",
            io::Error::from_raw_os_error(*code)
        ))),
    }
}

/// The handler's address.
pub fn handler() -> usize {
    on_fault as *const () as usize
}

/// Whether traps come by this signal.
pub fn is_ours(signal: libc::c_int) -> bool {
    SIGNALS.contains(&signal)
}

/// This thread, made ready for Wasm.
///
/// # Errors
/// There is no memory for its signal stack.
#[inline]
pub fn this_thread() -> Result<Thread, Error> {
    let thread = STATE.with(|state| Thread(NonNull::from(state)));
    match thread.state().ready.get() {
        true => Ok(thread),
        false => make_ready(thread),
    }
}

#[cold]
fn make_ready(thread: Thread) -> Result<Thread, Error> {
    let made = STACK.try_with(|stack| {
        if stack.get().is_none() {
            // Nobody else sets it: this thread is here.
            let _ = stack.set(SignalStack::install()?);
        }
        thread.state().ready.set(true);
        Ok(thread)
    });
    // What is dropped with a thread may still want to run Wasm.
    made.unwrap_or_else(|_| Err(Error::usage("a thread that ends cannot run Wasm any more")))
}

impl Thread {
    #[inline(always)]
    fn state(&self) -> &ThreadState {
        // SAFETY: the state has no destructor, so it is there as long as the thread, on
        // which this stays.
        unsafe { self.0.as_ref() }
    }

    /// Runs `enter`, which runs Wasm with this context, ready for its faults.
    ///
    /// # Safety
    /// `ctx` is live, and its `host_record` is a valid place to leave to whenever
    /// this thread runs code of the code region inside `enter`, which does not unwind.
    #[inline(always)]
    pub unsafe fn within<R>(self, ctx: *mut StoreContext, enter: impl FnOnce() -> R) -> R {
        let innermost = &self.state().innermost;
        let outer = innermost.replace(ctx);
        let result = enter();
        innermost.set(outer);
        result
    }
}

/// The handler.
unsafe extern "C" fn on_fault(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    let ucontext = context.cast::<libc::ucontext_t>();
    let ctx = STATE.with(|state| state.innermost.get());
    // SAFETY: the kernel hands a handler valid pointers. In the code region
    // this thread runs only Wasm of its innermost activation, whose context
    // and host record `within` vouches for.
    unsafe {
        let (pc, _, _) = arch::fault_context(ucontext);
        // What somebody sent can arrive anywhere, and is no fault of Wasm.
        if sent(info) || ctx.is_null() || !is_code(pc) {
            return pass_on(signal, info, context);
        }
        arch::record_fault(ctx, ucontext, info, signal);
        arch::redirect_to_host(ucontext, (*ctx).host_record);
    }
}

/// Whether a signal was sent by a process, and not by the machine.
///
/// # Safety
/// `info` is that of a signal handler.
unsafe fn sent(info: *const libc::siginfo_t) -> bool {
    // SAFETY: by contract.
    unsafe { (*info).si_code <= 0 }
}

/// Does what would have happened without us.
///
/// # Safety
/// The arguments are those of a signal handler.
unsafe fn pass_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let index = SIGNALS.iter().position(|&known| known == signal);
    let previous = index
        .zip(PREVIOUS.get())
        .and_then(|(i, p)| Some(p.as_ref().ok()?[i]));
    // SAFETY: the kernel hands a handler valid pointers; a previous action's handler has
    // the signature its flags say. Without one, the default action is restored, and the
    // fault happens again, or what was sent is sent again.
    unsafe {
        match previous {
            // A fault cannot be ignored: it would happen again for ever. A signal that
            // someone sent can.
            Some(action) if action.sa_sigaction == libc::SIG_IGN && sent(info) => {}
            Some(action) if !matches!(action.sa_sigaction, libc::SIG_DFL | libc::SIG_IGN) => {
                if action.sa_flags & libc::SA_SIGINFO != 0 {
                    type Action =
                        unsafe extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
                    let handler = std::mem::transmute::<usize, Action>(action.sa_sigaction);
                    handler(signal, info, context);
                } else {
                    type Plain = unsafe extern "C" fn(libc::c_int);
                    std::mem::transmute::<usize, Plain>(action.sa_sigaction)(signal);
                }
            }
            _ => {
                libc::signal(signal, libc::SIG_DFL);
                if sent(info) {
                    libc::raise(signal);
                }
            }
        }
    }
}

/// A thread's signal stack, until the thread ends.
struct SignalStack {
    memory: Option<Mapping>,
}

impl SignalStack {
    /// Gives this thread a signal stack that is large enough.
    ///
    /// # Errors
    /// There is no memory for it, or the system refuses it.
    fn install() -> Result<Self, Error> {
        let (what, bytes) = ("have a signal stack", SIGNAL_STACK as u64);
        let memory = Mapping::reserve(SIGNAL_STACK, &Requests::default())
            .map_err(|error| map_error(Need::Reserve, what, bytes, &error))?;
        memory
            .commit(0, SIGNAL_STACK)
            .map_err(|error| map_error(Need::Commit, what, bytes, &error))?;
        let stack = libc::stack_t {
            ss_sp: memory.base().cast(),
            ss_flags: 0,
            ss_size: SIGNAL_STACK,
        };
        // SAFETY: the memory is ours and stays until `drop` takes it off.
        let result = unsafe { libc::sigaltstack(&stack, ptr::null_mut()) };
        if result != 0 {
            let error = io::Error::last_os_error();
            return Err(Error::Limit(format!(
                "cannot handle faults on this thread: {error}"
            )));
        }
        Ok(Self {
            memory: Some(memory),
        })
    }
}

impl Drop for SignalStack {
    fn drop(&mut self) {
        STATE.with(|state| state.ready.set(false));
        let Some(memory) = &self.memory else { return };
        // SAFETY: asks for the present stack, and takes off ours only.
        unsafe {
            let mut current: libc::stack_t = MaybeUninit::zeroed().assume_init();
            libc::sigaltstack(ptr::null(), &mut current);
            if current.ss_sp == memory.base().cast() {
                current.ss_flags = libc::SS_DISABLE;
                if libc::sigaltstack(&current, ptr::null_mut()) != 0 {
                    // It is in use: better kept than taken away.
                    std::mem::forget(self.memory.take());
                }
            }
        }
    }
}
