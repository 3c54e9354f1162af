//! Binding: arguments are given to a continuation before it runs, and taken when it does.

use crate::bound::BoundArguments;
use crate::registry::Registry;
use crate::states::{Role, Verb, next_state};
use crate::waking::wake;
use mangrove_abi::{ContRecord, Defect, SlotKind, StoreContext, TransferSlot, Waking};

impl Registry {
    /// Binds further arguments to a continuation, each with its kind if it is a
    /// reference. The revision is the caller's business.
    ///
    /// # Panics
    /// If the record is none of this registry's.
    pub fn bind(
        &mut self,
        ctx: &mut StoreContext,
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
            for (mut value, kind) in arguments {
                if ctx.has(Defect::BindHalf) {
                    value.words[1] = 0;
                }
                let at = match ctx.has(Defect::BindBefore) {
                    true => 0,
                    false => bound.values.len(),
                };
                bound.values.insert(at, value);
                bound.kinds.insert(at, kind);
            }
            wake(ctx, record, Waking::Bound);
            (*record).unready = bound.values.len() as u32;
        }
    }

    /// The arguments bound to a continuation, for the collector to visit; none
    /// where there are none.
    pub fn bound_mut(&mut self, record: *const ContRecord) -> Option<&mut BoundArguments> {
        let id = self.slab.id_of(record)?;
        self.bound.get_mut(&id)
    }

    /// Takes the bound arguments off a continuation that is being resumed.
    ///
    /// # Panics
    /// If the record is none of this registry's.
    pub fn take_bound(&mut self, record: *mut ContRecord) -> BoundArguments {
        let record = self.check(record);
        // SAFETY: a record of our slab, which only this thread uses.
        let id = unsafe {
            (*record).unready &= ContRecord::CLEAN;
            (*record).id
        };
        self.bound.remove(&id).unwrap_or_default()
    }
}
