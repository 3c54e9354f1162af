//! The log: what the next minor collection must look at, besides what runs.
//!
//! ```text
//!  log_next ─────────▶│
//!  │ entry │ entry │ … │       │ … │ last │      the heap's memory, 8 bytes each
//!                                    ▲ log_last
//!  entry = an address │ what is there
//! ```
//!
//! After a collection nothing young exists, so nothing old refers to anything young.
//! Whoever changes that writes down where: compiled code inline, for a call would be a
//! safepoint in the middle of a store. An entry is written once: the object, record
//! or cell says that it is there.
//!
//! A log that is full has lost entries. Then the next collection is a full one, which
//! needs none. The last place is written over and over, so that no store needs a branch.
//!
//! Whether a reference is young is one comparison. `rotate_right(reference, 1) - 1` is at least
//! 2^31 - 1 for an `i31`, `u32::MAX` for null, and below [`StoreContext::young`] for a
//! young object: the young space is the heap's first.

use crate::context::{GlobalCell, StoreContext};
use crate::object::HeapRef;
use crate::record::ContRecord;

/// What an entry of the log is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logged {
    /// An old object that holds young references: its address.
    Object(*mut u8),
    /// A record that was the current one, or has been bound to arguments.
    Record(*mut ContRecord),
    /// A global with a young reference.
    Global(*mut GlobalCell),
}

/// The low bits of an entry of a record.
pub const RECORD: u64 = 1;
/// The low bits of an entry of a global.
pub const GLOBAL: u64 = 2;
const KIND: u64 = 7;

impl Logged {
    /// The entry.
    ///
    /// # Examples
    /// ```
    /// use mangrove_abi::log::Logged;
    ///
    /// let entry = Logged::Object(64 as *mut u8);
    /// assert_eq!(Logged::of(entry.word()), entry);
    /// ```
    pub fn word(self) -> u64 {
        match self {
            Self::Object(at) => at.expose_provenance() as u64,
            Self::Record(at) => at.expose_provenance() as u64 | RECORD,
            Self::Global(at) => at.expose_provenance() as u64 | GLOBAL,
        }
    }

    /// What an entry says.
    ///
    /// # Panics
    /// If it is none.
    pub fn of(word: u64) -> Self {
        let at = (word & !KIND) as usize;
        match word & KIND {
            0 => Self::Object(core::ptr::with_exposed_provenance_mut(at)),
            RECORD => Self::Record(core::ptr::with_exposed_provenance_mut(at)),
            GLOBAL => Self::Global(core::ptr::with_exposed_provenance_mut(at)),
            kind => panic!("an entry of the log of kind {kind}"),
        }
    }
}

impl StoreContext {
    /// Adds an entry to the log.
    ///
    /// # Panics
    /// If the context has no log: the heap that it is attached to gives it one.
    pub fn log(&mut self, entry: Logged) {
        assert!(!self.log_next.is_null(), "a context with a log");
        // SAFETY: the heap has put the log where these say, and both compiled code and
        // this stay within it.
        unsafe {
            self.log_next.write(entry.word());
            self.log_next = self.log_next.add(1).min(self.log_last);
        }
    }

    /// Whether entries may have been lost.
    pub fn log_is_full(&self) -> bool {
        self.log_next == self.log_last
    }

    /// Whether a reference is to an object of the young space.
    #[inline]
    pub fn is_young(&self, reference: HeapRef) -> bool {
        let halved = reference.0.rotate_right(1).wrapping_sub(1);
        u64::from(halved) < self.young
    }
}
