//! Binding: arguments are given to a continuation before it runs, and taken when it does.

use crate::bound::BoundArguments;
use crate::limits::LimitError;
use crate::registry::Registry;
use crate::states::{Role, Verb, next_state};
use crate::waking::wake;
use mangrove_abi::{
    ContRecord, Defect, RecordId, Request, SlotKind, StoreContext, TransferSlot, Waking,
};
use std::collections::hash_map::Entry;

impl Registry {
    /// Binds further arguments to a continuation, each with its kind if it is a
    /// reference. The revision is the caller's business.
    ///
    /// # Errors
    /// [`LimitError::Bound`]; then none is bound.
    ///
    /// # Panics
    /// If the record is none of this registry's.
    pub fn bind(
        &mut self,
        ctx: &mut StoreContext,
        record: *mut ContRecord,
        arguments: impl IntoIterator<
            Item = (TransferSlot, Option<SlotKind>),
            IntoIter: ExactSizeIterator,
        >,
    ) -> Result<(), LimitError> {
        let record = self.check(record);
        let state = self.state_of(ctx, record);
        let outcome = next_state(Verb::Bind, Role::Subject, state);
        debug_assert_eq!(outcome, Some(state));
        let arguments = arguments.into_iter();
        let count = arguments.len();
        if count == 0 {
            return Ok(());
        }
        // SAFETY: a record of our slab, which only this thread uses.
        unsafe {
            let bound = self.room_to_bind((*record).id, count)?;
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
            let bound = bound.values.len() as u32;
            wake(ctx, record, Waking::Bound);
            (*record).unready = bound;
        }
        Ok(())
    }

    /// What is bound to a continuation, with room for so many arguments more.
    fn room_to_bind(
        &mut self,
        id: RecordId,
        arguments: usize,
    ) -> Result<&mut BoundArguments, LimitError> {
        let live = self.all();
        let refused = LimitError::Bound { arguments, live };
        if !self.room_for_bound() {
            return Err(refused);
        }
        let requests = self.arena.requests();
        let mut entry = match self.bound.entry(id) {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert_entry(BoundArguments::default()),
        };
        if entry.get_mut().make_room(arguments, requests) {
            return Ok(entry.into_mut());
        }
        // No entry without an argument.
        if entry.get().values.is_empty() {
            entry.remove();
        }
        Err(refused)
    }

    /// Makes room for what is bound to one more continuation. Whether there is room.
    fn room_for_bound(&mut self) -> bool {
        let has_room = self.bound.len() < self.bound.capacity();
        let requests = self.arena.requests();
        has_room || requests.grants(Request::List) && self.bound.try_reserve(1).is_ok()
    }

    /// A copy of what is bound to a continuation; with room to keep it for one more.
    pub(crate) fn copy_of_bound(
        &mut self,
        record: *const ContRecord,
    ) -> Result<BoundArguments, LimitError> {
        let record = self.check(record);
        // SAFETY: a record of our slab, which only this thread uses.
        let id = unsafe { (*record).id };
        let live = self.all();
        let room = self.room_for_bound();
        let bound = self.bound.get(&id);
        let bound = bound.expect("the registry keeps what is bound");
        let (mut copy, arguments) = (BoundArguments::default(), bound.values.len());
        if !room || !copy.make_room(arguments, self.arena.requests()) {
            return Err(LimitError::Bound { arguments, live });
        }
        copy.values.extend_from_slice(&bound.values);
        copy.kinds.extend_from_slice(&bound.kinds);
        Ok(copy)
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
