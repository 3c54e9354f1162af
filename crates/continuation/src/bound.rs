//! Arguments bound to a continuation that does not run yet.
//!
//! They live as long as the continuation waits, unlike values in transit, so
//! each is kept with what the collector must know of it. `ContRecord::unready`
//! tells compiled code that there are some.

use mangrove_abi::{Requests, SlotKind, TransferSlot, make_room};

/// The arguments bound to one continuation, in the order of its parameters.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct BoundArguments {
    pub(crate) values: Vec<TransferSlot>,
    pub(crate) kinds: Vec<Option<SlotKind>>,
}

impl BoundArguments {
    /// Makes room for so many more. Whether there is room.
    pub(crate) fn make_room(&mut self, more: usize, requests: &Requests) -> bool {
        make_room(&mut self.values, more, requests) && make_room(&mut self.kinds, more, requests)
    }

    /// The values.
    pub fn values(&self) -> &[TransferSlot] {
        &self.values
    }

    /// All of them, each with its kind if it is a reference.
    pub fn all(&self) -> impl Iterator<Item = (Option<SlotKind>, TransferSlot)> + '_ {
        self.kinds.iter().copied().zip(self.values.iter().copied())
    }

    /// The slots that hold references, each with its position and kind; the
    /// reference takes the low 4 or all 16 bytes.
    pub fn references(&mut self) -> impl Iterator<Item = (u32, SlotKind, &mut TransferSlot)> {
        let slots = (0..).zip(&self.kinds).zip(&mut self.values);
        slots.filter_map(|((index, kind), value)| kind.map(|kind| (index, kind, value)))
    }
}
