//! What makes a slot usable: its guard, and, under strict overcommit, that it can
//! be written to.
//!
//! ```text
//!                     not handed out     handed out            trimmed
//!  as a rule          rw                 guard, rw             guard, rw, pages gone
//!  strict overcommit  no access          no access, rw         no access
//!   … lightweight     no access          guard, rw             no access
//! ```
//!
//! Under strict overcommit a private mapping counts from the moment it is
//! writable, and once touched it counts until it is unmapped or mapped anew:
//! giving its pages back, or taking the access away, does not change that.

use super::kernel::Kernel;
use super::{GUARD_SIZE, GuardKind, Stack, StackArena, StackError};
use rustix::io::Errno;

impl StackArena {
    /// Makes the slot at `base` usable, above a guard.
    pub(super) fn open(&mut self, base: usize) -> Result<(), StackError> {
        if !self.kernel.strict_commit {
            return self.install_guard(base);
        }
        if self.guard != GuardKind::Lightweight {
            // What was never made accessible is a guard, and not counted.
            self.guard = GuardKind::Mprotect;
            return self.commit(base + GUARD_SIZE, self.slot_size() - GUARD_SIZE);
        }
        self.commit(base, self.slot_size())?;
        self.install_guard(base)
    }

    /// Makes an idle stack usable whose memory was given back.
    pub(super) fn recommit(&mut self, stack: Stack) -> Result<(), StackError> {
        match self.kernel.strict_commit {
            true => self.open(stack.limit as usize - GUARD_SIZE),
            false => Ok(()),
        }
    }

    fn commit(&mut self, base: usize, bytes: usize) -> Result<(), StackError> {
        // SAFETY: the range is of a slot of ours that nobody uses.
        let committed = unsafe { self.kernel.commit(base, bytes) };
        committed.map_err(|error| StackError::Commit {
            bytes,
            number: self.stacks,
            source: error.into(),
        })
    }

    /// Makes the low end of the slot at `base` inaccessible.
    fn install_guard(&mut self, base: usize) -> Result<(), StackError> {
        let kernel = &mut self.kernel;
        // SAFETY: the range is the guard of a slot of ours, which nobody accesses.
        let lightweight =
            |kernel: &mut Kernel| unsafe { kernel.lightweight_guard(base, GUARD_SIZE) };
        // SAFETY: as above.
        let mprotect = |kernel: &mut Kernel| unsafe { kernel.mprotect_guard(base, GUARD_SIZE) };
        let result = match self.guard {
            GuardKind::Lightweight => lightweight(kernel),
            GuardKind::Mprotect => mprotect(kernel),
            GuardKind::Auto => match lightweight(kernel) {
                Ok(()) => {
                    self.guard = GuardKind::Lightweight;
                    Ok(())
                }
                // The kernel does not know the advice, or not for this mapping
                // (one that is locked in memory).
                Err(Errno::INVAL) => {
                    tracing::debug!(target: super::TRACE, "no lightweight guards here: using mprotect");
                    self.guard = GuardKind::Mprotect;
                    mprotect(kernel)
                }
                Err(error) => Err(error),
            },
        };
        result.map_err(|error| StackError::Guard {
            kind: self.guard,
            number: self.stacks,
            source: error.into(),
        })
    }
}
