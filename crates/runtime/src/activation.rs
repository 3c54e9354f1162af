//! Calls from the host, and resumptions by it: what the host remembers while Wasm runs.

use crate::host::HostFunc;
use crate::signals::Thread;
use mangrove_abi::{ContRecord, TransferSlot};
use mangrove_continuation::CallRecords;
use smallvec::SmallVec;

/// A call from the host into Wasm, or a resumption by it, that is not over. Which record
/// ran when the host entered Wasm is in the host record, and so is whether it is a call:
/// then that has no function.
#[derive(Clone, Copy, Debug)]
pub struct Activation {
    /// The record that stands for the host in its chain.
    pub host: *mut ContRecord,
    /// The host function that made the call, or null.
    pub caller: *const HostFunc,
}

/// The activations that are not over, the innermost last.
#[derive(Debug, Default)]
pub struct Activations {
    list: Vec<Activation>,
    /// So many may be there without another question: no more than the list has room for.
    room: usize,
}

impl Activations {
    /// How many there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether one more fits. If not, [`Activations::grow`] decides.
    #[inline(always)]
    pub fn has_room(&self) -> bool {
        self.list.len() < self.room
    }

    /// Makes room for more, `most` in all. False: so many are there.
    #[cold]
    pub fn grow(&mut self, most: usize) -> bool {
        if self.list.len() >= most {
            return false;
        }
        self.list.reserve(1);
        self.room = self.list.capacity().min(most);
        true
    }

    /// Adds the innermost one, for which there is room.
    ///
    /// # Panics
    /// There is none.
    #[inline(always)]
    pub fn push(&mut self, activation: Activation) {
        assert!(self.has_room(), "an activation without room");
        // SAFETY: `room` is never more than the capacity, which never shrinks: this spares
        // the call the same question once more.
        unsafe { std::hint::assert_unchecked(self.list.len() < self.list.capacity()) };
        self.list.push(activation);
    }

    /// Takes the innermost one away. Also what is innermost then.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<(Activation, Option<&Activation>)> {
        let activation = self.list.pop()?;
        Some((activation, self.list.last()))
    }

    /// The innermost one.
    pub fn last(&self) -> Option<&Activation> {
        self.list.last()
    }

    /// From the outermost to the innermost.
    pub fn iter(&self) -> std::slice::Iter<'_, Activation> {
        self.list.iter()
    }
}

/// Values on their way.
pub type InTransit = SmallVec<[TransferSlot; 8]>;

/// A call that may begin: its thread is ready, there is room for its activation, and it has
/// its records. It begins, or is given up, before anything else happens in the store.
#[derive(Clone, Copy)]
pub struct Expected {
    pub thread: Thread,
    pub records: CallRecords,
}

/// A call or a resumption under way.
#[derive(Clone, Copy)]
pub struct Call {
    /// The record that stands for the host in its chain.
    pub host: *mut ContRecord,
    /// Where it enters.
    pub record: *mut ContRecord,
    /// What it brings along in the payload register.
    pub payload: u64,
}
