//! Clones of continuations: what the store does before the registry can make one.

use crate::engine::EngineCore;
use crate::error::Error;
use crate::outcome::reference_to;
use crate::store::StoreInner;
use crate::trap::{Trap, TrapReason};
use mangrove_abi::{ContRecord, ContRef, TrapCode, TypeId};
use mangrove_continuation::LimitError;
use mangrove_validate::{AbstractHeap, CompositeType, HeapType, RefType, ValType};

impl StoreInner {
    /// A clone of what a reference stands for; collects first when that is worth it, or
    /// when the limit is reached.
    ///
    /// # Errors
    /// The reference is null or was used up ([`Error::Trap`], without a backtrace); a limit
    /// is reached, or memory is refused.
    pub(crate) fn clone_continuation(&mut self, reference: ContRef) -> Result<ContRef, Error> {
        let trap = |code| {
            Error::Trap(Box::new(Trap {
                reason: TrapReason::Code(code),
                backtrace: Default::default(),
            }))
        };
        // SAFETY: a reference is null or has the address of a record, which is never freed.
        let record = unsafe { reference.record.as_ref() };
        let Some(record) = record else {
            return Err(trap(TrapCode::NullContinuation));
        };
        if record.revision != reference.revision {
            return Err(trap(TrapCode::ContinuationConsumed));
        }
        let mut ctx = self.ctx;
        // SAFETY: the context is ours, and no compiled code runs.
        let ctx = unsafe { ctx.as_mut() };
        if self.engine.settings().fresh_stacks {
            self.registry.trim(ctx, 0);
        }
        if ctx.free_records.is_null() && self.registry.collection_is_due(ctx) {
            self.collect_with(reference)?;
        }
        // SAFETY: as above; a suspended chain ends without a parent.
        let (records, bytes) = unsafe { chain_size(reference.record) };
        if !self.may_add_clones(records, bytes)? {
            self.collect_with(reference)?;
            if !self.may_add_clones(records, bytes)? {
                return Err(self.continuation_refused());
            }
        }
        // What was before that.
        self.emit(|_| None);
        match self.registry.clone_chain(ctx, reference.record) {
            Ok(clone) => return Ok(self.cloned(clone)),
            // Nobody's stack would become emptier.
            Err(error @ LimitError::Frames { .. }) => return Err(self.no_room(error)),
            Err(_) => self.collect_with(reference)?,
        }
        let clone = self.registry.clone_chain(ctx, reference.record);
        let clone = clone.map_err(|error| self.no_room(error))?;
        Ok(self.cloned(clone))
    }

    /// Tells of each record of a chain that was cloned just now.
    fn cloned(&mut self, clone: ContRef) -> ContRef {
        let mut record = clone.record;
        while !record.is_null() && self.watchers.on {
            // SAFETY: records of the clone, which is linked to nobody: its chain ends without
            // a parent. What runs waits for the host.
            unsafe {
                self.emit_before_lives(|store| store.made(record));
                record = (*record).parent;
            }
        }
        self.emit(|_| None);
        clone
    }

    /// Takes off what a program's clone has cost in fuel: a unit for each record of its chain,
    /// and for each word of frames, as operations on many cost one for each element.
    ///
    /// # Safety
    /// It was made just now.
    pub(crate) unsafe fn charge_clone(&mut self, clone: ContRef) {
        if !self.engine.settings().consume_fuel {
            return;
        }
        // SAFETY: by contract a suspended chain of this store's.
        let (records, bytes) = unsafe { chain_size(clone.record) };
        let units = (records as u64).saturating_add(bytes / 8);
        let word = &mut self.context().fuel;
        *word = word.saturating_sub(i64::try_from(units).unwrap_or(i64::MAX));
    }

    /// Collects, with a reference for a root that nobody else may hold: it is in transit.
    fn collect_with(&mut self, reference: ContRef) -> Result<(), Error> {
        let any = RefType {
            nullable: false,
            heap: HeapType::Abstract(AbstractHeap::Cont),
        };
        // SAFETY: it is one of the store's, and every continuation is of that type.
        let handle = unsafe { self.cont_handle(reference, any) };
        let collected = self.collect();
        drop(handle);
        collected
    }

    /// Whether a continuation of one type can be taken for one of another: the function
    /// types behind them, by their values.
    pub(crate) fn fits_type(&self, given: TypeId, wanted: TypeId) -> bool {
        let function = |id| match self.engine.types().try_get(id)?.composite {
            CompositeType::Cont(func) => self.engine.func_type(func),
            _ => None,
        };
        let (Some(given), Some(wanted)) = (function(given), function(wanted)) else {
            return false;
        };
        self.all_match(&wanted.params, &given.params)
            && self.all_match(&given.results, &wanted.results)
    }

    /// Whether values of these types are values of those.
    pub(crate) fn all_match(&self, given: &[ValType], wanted: &[ValType]) -> bool {
        let types = self.engine.types();
        let mut pairs = given.iter().zip(wanted);
        given.len() == wanted.len()
            && pairs.all(|(&given, &wanted)| types.matches_val(given, wanted))
    }

    /// The type of references to the continuations of a type, which the store keeps.
    ///
    /// # Errors
    /// There is no such type.
    pub(crate) fn kept_reference_to(&mut self, ty: TypeId) -> Result<RefType, Error> {
        self.types.keep(ty)?;
        Ok(reference_to(ty))
    }
}

/// How many records a suspended chain has, from its innermost on, and how many bytes its
/// frames take.
///
/// # Safety
/// They are records of a store that nobody else uses.
unsafe fn chain_size(innermost: *const ContRecord) -> (usize, u64) {
    let (mut record, mut records, mut bytes) = (innermost, 0, 0);
    while !record.is_null() {
        records += 1;
        // SAFETY: by contract.
        unsafe {
            bytes += (*record).stack_top.saturating_sub((*record).sp);
            record = (*record).parent;
        }
    }
    (records, bytes)
}

impl EngineCore {
    /// Whether a function type is one that a function which clones may have: from a
    /// continuation to one of the same type, or of a supertype.
    pub fn clones(&self, id: TypeId) -> bool {
        let Some(ty) = self.func_type(id) else {
            return false;
        };
        let ([ValType::Ref(given)], [ValType::Ref(wanted)]) = (&ty.params[..], &ty.results[..])
        else {
            return false;
        };
        let types = self.types();
        let is_cont = match given.heap {
            HeapType::Concrete(id) => {
                let known = types.try_get(id);
                known.is_some_and(|ty| matches!(ty.composite, CompositeType::Cont(_)))
            }
            HeapType::Abstract(heap) => heap == AbstractHeap::Cont,
        };
        let clone = RefType {
            nullable: false,
            ..*given
        };
        is_cont && types.matches_ref(clone, *wanted)
    }
}
