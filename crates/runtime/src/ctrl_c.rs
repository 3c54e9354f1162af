//! Ctrl-C: the first raises an engine's epoch, the second ends the process.
//!
//! The handler adds to one atomic number, which a signal handler may do, and runs on the
//! thread's alternate stack like all handlers beside Wasm. After it the signal has its
//! default action again (`SA_RESETHAND`).

use crate::engine::EngineCore;
use crate::error::Error;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

/// The epoch to raise, of an engine that is never dropped; null if none is to be.
static EPOCH: AtomicPtr<AtomicU64> = AtomicPtr::new(ptr::null_mut());
static CAME: AtomicBool = AtomicBool::new(false);

/// From now on the first Ctrl-C (`SIGINT`) raises the epoch of this engine, as
/// `Engine::increment_epoch` does, and a further one ends the process. For the command
/// that owns the process: the engine stays until it ends.
///
/// # Errors
/// The system refuses the handler.
pub fn interrupt_on_ctrl_c(engine: &EngineCore) -> Result<(), Error> {
    let kept: &'static EngineCore = Box::leak(Box::new(engine.clone()));
    let epoch: *const AtomicU64 = kept.epoch();
    EPOCH.store(epoch.cast_mut(), Ordering::Release);
    // SAFETY: the action is all zero but for what is set; its handler has the signature
    // of one without `SA_SIGINFO`, and does what a handler may do.
    let result = unsafe {
        let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        action.sa_sigaction = on_interrupt as *const () as usize;
        action.sa_flags = libc::SA_ONSTACK | libc::SA_RESTART | libc::SA_RESETHAND;
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(libc::SIGINT, &action, ptr::null_mut())
    };
    match result {
        0 => Ok(()),
        _ => Err(Error::Limit(format!(
            "cannot handle SIGINT: {}",
            io::Error::last_os_error()
        ))),
    }
}

/// Whether Ctrl-C came after [`interrupt_on_ctrl_c`].
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, ctrl_c_came};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::new(Config::new().epoch_interruption(true))?;
/// engine.interrupt_on_ctrl_c()?;
/// assert!(!ctrl_c_came(), "nobody has pressed it");
/// # Ok(())
/// # }
/// ```
pub fn ctrl_c_came() -> bool {
    CAME.load(Ordering::Acquire)
}

extern "C" fn on_interrupt(_: libc::c_int) {
    CAME.store(true, Ordering::Release);
    let epoch = EPOCH.load(Ordering::Acquire);
    // SAFETY: null, or the epoch of an engine that was leaked.
    if let Some(epoch) = unsafe { epoch.as_ref() } {
        epoch.fetch_add(1, Ordering::Relaxed);
    }
}
