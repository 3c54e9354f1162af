//! Signal handlers of the process that Wasm cannot be run beside.
//!
//! Compiled code runs with its stack pointer on a small stack of ours. The kernel
//! puts a handler's frame on the stack that runs, unless the handler asks for the
//! thread's alternate stack (`SA_ONSTACK`), which every thread has that runs Wasm.
//! A handler that does not ask finds the room a Wasm frame leaves: some hundred
//! bytes, perhaps, above a guard. And whoever takes a fault signal away from us
//! without handing on what is not theirs takes the traps away.

use crate::error::Error;
use crate::signals;
use crate::trace;
use std::mem::MaybeUninit;
use std::{fmt, ptr};

/// What to do about handlers that Wasm cannot be run beside.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, SignalPolicy, SignalProblem};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// // An engine that is not made where a handler of somebody else's would run on small stacks.
/// let engine = Engine::new(Config::new().signals(SignalPolicy::Refuse))?;
/// let problems: Vec<SignalProblem> = engine.signal_problems();
/// assert!(problems.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SignalPolicy {
    /// Say so, as a warning of `tracing` under the target `mangrove::signals`.
    #[default]
    Warn,
    /// Make no engine.
    Refuse,
}

/// A signal handler that Wasm cannot be run beside.
///
/// # Examples
/// See [`SignalPolicy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignalProblem {
    /// The handler of this signal runs on whatever stack is running: it was
    /// installed without `SA_ONSTACK`.
    NoAlternateStack {
        /// The signal's number.
        signal: i32,
    },
    /// The handler of this signal, by which traps come, is no longer ours. That is
    /// well only if it calls ours for faults that are not its own.
    Replaced {
        /// The signal's number.
        signal: i32,
    },
}

impl fmt::Display for SignalProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAlternateStack { signal } => write!(
                f,
                "the handler of signal {signal} was installed without SA_ONSTACK: run while Wasm \
                 does, it writes over Wasm's stack"
            ),
            Self::Replaced { signal } => write!(
                f,
                "the handler of signal {signal}, by which traps come, was replaced"
            ),
        }
    }
}

/// The problems there are now, by number of the signal.
pub fn problems() -> Vec<SignalProblem> {
    // Numbers the C library keeps for itself are refused, and left out.
    (1..=libc::SIGRTMAX())
        .filter_map(|signal| Some((signal, action(signal)?)))
        .filter_map(|(signal, action)| problem(signal, &action))
        .collect()
}

fn action(signal: libc::c_int) -> Option<libc::sigaction> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is installed, and the action in force is written.
    let known = unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) } == 0;
    // SAFETY: written, and valid as zeros before.
    known.then(|| unsafe { action.assume_init() })
}

fn problem(signal: libc::c_int, action: &libc::sigaction) -> Option<SignalProblem> {
    let handled = !matches!(action.sa_sigaction, libc::SIG_DFL | libc::SIG_IGN);
    if handled && action.sa_flags & libc::SA_ONSTACK == 0 {
        return Some(SignalProblem::NoAlternateStack { signal });
    }
    let replaced = signals::is_ours(signal) && action.sa_sigaction != signals::handler();
    replaced.then_some(SignalProblem::Replaced { signal })
}

/// Installs our handlers, and looks at the others.
///
/// # Errors
/// The system refuses ours, or there is a problem, and the policy is to refuse.
pub fn prepare(policy: SignalPolicy) -> Result<(), Error> {
    signals::install()?;
    check(policy)
}

/// Looks, and does what the policy says.
///
/// # Errors
/// There is a problem, and the policy is to refuse.
fn check(policy: SignalPolicy) -> Result<(), Error> {
    for problem in problems() {
        match policy {
            SignalPolicy::Warn => tracing::warn!(target: trace::SIGNALS, "{problem}"),
            SignalPolicy::Refuse => return Err(Error::usage(problem.to_string())),
        }
    }
    Ok(())
}
