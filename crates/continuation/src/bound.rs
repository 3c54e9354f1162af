//! Arguments bound to a continuation that does not run yet.
//!
//! They live as long as the continuation waits, unlike values in transit, so
//! each is kept with what the collector must know of it. `ContRecord::bound_count`
//! tells compiled code that there are some.

use crate::registry::Registry;
use crate::states::{Role, Verb, next_state};
use mangrove_abi::{ContRecord, SlotKind, StoreContext, TransferSlot};

/// The arguments bound to one continuation, in the order of its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    pub(crate) values: Vec<TransferSlot>,
    pub(crate) kinds: Vec<Option<SlotKind>>,
}

impl Bound {
    /// The values.
    pub fn values(&self) -> &[TransferSlot] {
        &self.values
    }

    /// The slots that hold references, each with its position and kind; the
    /// reference takes the low 4 or all 16 bytes.
    pub fn references(&mut self) -> impl Iterator<Item = (u32, SlotKind, &mut TransferSlot)> {
        let slots = (0..).zip(&self.kinds).zip(&mut self.values);
        slots.filter_map(|((index, kind), value)| kind.map(|kind| (index, kind, value)))
    }
}

impl Registry {
    /// Binds further arguments to a continuation, each with its kind if it is a
    /// reference. The revision is the caller's business.
    ///
    /// # Panics
    /// If the record is none of this registry's.
    pub fn bind(
        &mut self,
        ctx: &StoreContext,
        record: *mut ContRecord,
        arguments: impl IntoIterator<Item = (TransferSlot, Option<SlotKind>)>,
    ) {
        let record = self.check(record);
        let state = self.state_of(ctx, record);
        let outcome = next_state(Verb::Bind, Role::Subject, state);
        debug_assert_eq!(outcome, Some(state));
        // SAFETY: a record of our slab, which only this thread uses.
        unsafe {
            let mut arguments = arguments.into_iter().peekable();
            if arguments.peek().is_none() {
                return;
            }
            let bound = self.bound.entry((*record).id).or_default();
            for (value, kind) in arguments {
                bound.values.push(value);
                bound.kinds.push(kind);
            }
            (*record).bound_count = bound.values.len() as u32;
        }
    }

    /// The arguments bound to a continuation, for the collector to visit; none
    /// where there are none.
    pub fn bound_mut(&mut self, record: *const ContRecord) -> Option<&mut Bound> {
        let id = self.slab.id_of(record)?;
        self.bound.get_mut(&id)
    }

    /// Takes the bound arguments off a continuation that is being resumed.
    ///
    /// # Panics
    /// If the record is none of this registry's.
    pub fn take_bound(&mut self, record: *mut ContRecord) -> Bound {
        let record = self.check(record);
        // SAFETY: a record of our slab, which only this thread uses.
        let id = unsafe {
            (*record).bound_count = 0;
            (*record).id
        };
        self.bound.remove(&id).unwrap_or_default()
    }
}
