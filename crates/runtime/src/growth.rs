//! Memories, tables, instances and continuations grow only as far as the embedder's
//! limiter lets them. The heap is in `heap_room`.

use crate::error::Error;
use crate::limiter::{ErasedLimiter, ResourceLimiter};
use crate::policy::{CollectionCause, CollectionDecision};
use crate::store::StoreInner;
use mangrove_abi::{ContRecord, TransferSlot};
use mangrove_collector::CollectionKind;
use mangrove_continuation::LimitError;
use mangrove_validate::{MemoryType, TableType};

/// What a limiter said, as the error of an operation that has no -1.
fn refused(what: String) -> Error {
    Error::Limit(format!("the store's limiter refuses {what}"))
}

fn size(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

impl StoreInner {
    /// Has this limiter asked from now on. What there is already stays.
    ///
    /// # Safety
    /// It is given the store's data, and takes it for the type that it is of.
    pub unsafe fn set_limiter(&mut self, limiter: ErasedLimiter) {
        self.limiter = Some(limiter);
        self.hold_heap();
    }

    /// Asks the limiter; none if there is none.
    pub(crate) fn ask_limiter<R>(
        &mut self,
        ask: impl FnOnce(&mut dyn ResourceLimiter) -> R,
    ) -> Option<R> {
        let limiter = self.limiter.as_mut()?;
        let (mut ask, mut answer) = (Some(ask), None);
        limiter(self.data, &mut |limiter| {
            if let Some(ask) = ask.take() {
                answer = Some(ask(limiter));
            }
        });
        answer
    }

    /// Whether the limiter, if there is one, allows it.
    fn allows(
        &mut self,
        ask: impl FnOnce(&mut dyn ResourceLimiter) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        self.ask_limiter(ask).unwrap_or(Ok(true))
    }

    /// Before a further instance, with what it defines, is made.
    ///
    /// # Errors
    /// There are as many as may be.
    pub(crate) fn allow_instance(&mut self, tables: usize, memories: usize) -> Result<(), Error> {
        self.allow_count("instances", self.instances.len(), 1, |l| l.instances())?;
        self.allow_count("tables", self.tables.len(), tables, |l| l.tables())?;
        self.allow_count("memories", self.memories.len(), memories, |l| l.memories())
    }

    fn allow_count(
        &mut self,
        what: &str,
        now: usize,
        more: usize,
        limit: impl FnOnce(&mut dyn ResourceLimiter) -> usize,
    ) -> Result<(), Error> {
        match self.ask_limiter(limit) {
            Some(most) if more > 0 && now + more > most => Err(refused(format!(
                "{} {what} in a store, {most} at the most",
                now + more
            ))),
            _ => Ok(()),
        }
    }

    /// Before a memory is made.
    ///
    /// # Errors
    /// It may not be.
    pub(crate) fn allow_memory(&mut self, ty: MemoryType) -> Result<(), Error> {
        let now = self.memories.len();
        self.allow_count("memories", now, 1, |l| l.memories())?;
        let bytes = ty.bytes(ty.minimum);
        match self.allows(|l| l.memory_growing(0, size(bytes), maximum_bytes(ty)))? {
            true => Ok(()),
            false => Err(refused(format!("a memory of {bytes} bytes"))),
        }
    }

    /// Grows a memory; none where it may or can not.
    ///
    /// # Errors
    /// What the limiter wants to end with.
    pub(crate) fn grow_memory(&mut self, index: u32, pages: u64) -> Result<Option<u64>, Error> {
        let memory = &self.memories[index as usize];
        let (current, ty) = (memory.len(), memory.current_type());
        if pages == 0 || self.limiter.is_none() {
            return Ok(self.memories[index as usize].grow(pages).ok());
        }
        let desired = current.saturating_add(ty.bytes(pages));
        let maximum = maximum_bytes(ty);
        if !self.allows(|l| l.memory_growing(size(current), size(desired), maximum))? {
            return Ok(None);
        }
        match self.memories[index as usize].grow(pages) {
            Ok(old) => Ok(Some(old)),
            Err(error) => {
                let told = self.ask_limiter(|l| l.memory_grow_failed(error));
                told.unwrap_or(Ok(())).map(|()| None)
            }
        }
    }

    /// Before a table is made.
    ///
    /// # Errors
    /// It may not be.
    pub(crate) fn allow_table(&mut self, ty: TableType) -> Result<(), Error> {
        self.allow_count("tables", self.tables.len(), 1, |l| l.tables())?;
        let maximum = ty.maximum.map(size);
        match self.allows(|l| l.table_growing(0, size(ty.minimum), maximum))? {
            true => Ok(()),
            false => Err(refused(format!("a table of {} elements", ty.minimum))),
        }
    }

    /// Grows a table; none where it may or can not.
    ///
    /// # Errors
    /// What the limiter wants to end with.
    ///
    /// # Safety
    /// The value is of the table's type.
    pub(crate) unsafe fn grow_table(
        &mut self,
        index: u32,
        by: u64,
        value: TransferSlot,
    ) -> Result<Option<u64>, Error> {
        let table = &self.tables[index as usize];
        let (current, ty) = (table.len(), table.current_type());
        if by > 0 && self.limiter.is_some() {
            let desired = size(current.saturating_add(by));
            let maximum = ty.maximum.map(size);
            if !self.allows(|l| l.table_growing(size(current), desired, maximum))? {
                return Ok(None);
            }
        }
        // SAFETY: by contract.
        match unsafe { self.tables[index as usize].grow(by, value) } {
            Ok(old) => Ok(Some(old)),
            Err(error) => {
                let told = self.ask_limiter(|l| l.table_grow_failed(error));
                told.unwrap_or(Ok(())).map(|()| None)
            }
        }
    }

    /// Before a continuation is made for which no ended one has left a stack. Whether it
    /// may be.
    ///
    /// # Errors
    /// What the limiter wants to end with.
    pub(crate) fn may_add_continuation(&mut self) -> Result<bool, Error> {
        if self.limiter.is_none() {
            return Ok(true);
        }
        Ok(self.may_add_records(1)? && self.may_add_stack()?)
    }

    /// Before clones are made: so many, with so many bytes of frames, which are kept without
    /// stacks. Whether they may be.
    ///
    /// # Errors
    /// What the limiter wants to end with.
    pub(crate) fn may_add_clones(&mut self, count: usize, bytes: u64) -> Result<bool, Error> {
        if self.limiter.is_none() {
            return Ok(true);
        }
        let taken = self.registry.taken();
        let (now, most) = (size(taken.stack_bytes), size(taken.max_stack_bytes));
        let desired = now.saturating_add(size(bytes));
        Ok(
            self.may_add_records(count)?
                && self.allows(|l| l.stacks_growing(now, desired, most))?,
        )
    }

    fn may_add_records(&mut self, count: usize) -> Result<bool, Error> {
        let taken = self.registry.taken();
        let (now, most) = (taken.continuations, taken.max_continuations);
        self.allows(|l| l.continuations_growing(now, now + count, most))
    }

    /// Before a stack more is used: parks somebody where it is not allowed otherwise.
    ///
    /// # Errors
    /// What the limiter wants to end with.
    pub(crate) fn may_add_stack(&mut self) -> Result<bool, Error> {
        if self.limiter.is_none() {
            return Ok(true);
        }
        loop {
            let taken = self.registry.taken();
            let (now, most) = (size(taken.stack_bytes), size(taken.max_stack_bytes));
            let desired = now.saturating_add(size(taken.stack_size));
            if self.allows(|l| l.stacks_growing(now, desired, most))? {
                return Ok(true);
            }
            // SAFETY: the context is ours, and no compiled code runs.
            let ctx = unsafe { self.ctx.as_ref() };
            if self.registry.park_for_room(ctx) == 0 {
                return Ok(false);
            }
            if self.registry.taken().stack_bytes >= taken.stack_bytes {
                return Ok(false);
            }
        }
    }

    /// A record with a stack, if the limiter allows one. Why there is none: the
    /// registry's reason, or the limiter's no.
    pub(crate) fn take_allowed(
        &mut self,
    ) -> Result<Result<*mut ContRecord, Option<LimitError>>, Error> {
        let mut ctx = self.ctx;
        // SAFETY: the context is ours, and no compiled code runs.
        let ctx = unsafe { ctx.as_mut() };
        if ctx.free_records.is_null() && !self.may_add_continuation()? {
            return Ok(Err(None));
        }
        Ok(self.registry.take(ctx).map_err(Some))
    }

    /// A full collection for the sake of continuations, unless the policy is against it.
    pub(crate) fn collect_for_continuations(&mut self) -> Result<(), Error> {
        let decision = self.decide(CollectionCause::Continuations, CollectionKind::Full);
        if let CollectionDecision::Collect(kind) = decision {
            self.collect_as(kind)?;
        }
        self.look_ahead();
        Ok(())
    }

    /// The error for a continuation that the limiter does not allow.
    pub(crate) fn continuation_refused(&self) -> Error {
        let taken = self.registry.taken();
        refused(format!(
            "a further continuation: there are {}, and stacks take {} bytes",
            taken.continuations, taken.stack_bytes
        ))
    }
}

fn maximum_bytes(ty: MemoryType) -> Option<usize> {
    ty.maximum.map(|pages| size(ty.bytes(pages)))
}
