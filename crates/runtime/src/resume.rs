//! The host resumes a continuation: as a `resume` in Wasm does it, with the host
//! record for a parent.
//!
//! ```text
//!  before   C ◀─parent─ D                              reference = (D, revision), D.outermost = C
//!  during   host record ◀─parent─ C ◀─parent─ D ◀─ ctx.current
//!              │ handlers: a table made from the host's, alive until the host is back
//!  after    word RETURNED   C's function returned
//!           word HANDLED+i  suspended to tag i; `from` is the innermost record of what
//!                           was cut off the host record and lives on behind a handle
//!           word TRAPPED    a trap, an exception nobody in the chain catches, or an interruption
//! ```

use crate::activation::{Call, InTransit};
use crate::call;
use crate::error::Error;
use crate::event::Entering;
use crate::exception::Exception;
use crate::handle::{ContHandle, Tag};
use crate::id::StorePtr;
use crate::outcome::{Clause, Handler, Outcome, reference_to};
use crate::pending::Pending;
use crate::refusals::limit_error;
use crate::signals::Thread;
use crate::signature::Signature;
use crate::store::StoreInner;
use crate::trace::SWITCHES;
use crate::trap::{Trap, TrapReason};
use crate::value::Val;
use mangrove_abi::{ContRecord, ContRef, HandlerTable, HeapRef, TrapCode, TypeId, Waking};
use mangrove_continuation::make_current;
use mangrove_validate::{CompositeType, FuncType, HeapType};
use std::mem::offset_of;
use std::ptr::{self, NonNull};

/// What a continuation is resumed with.
#[derive(Clone, Copy)]
pub enum With<'a> {
    Values(&'a [Val]),
    Exception(&'a Exception),
}

/// The table compiled code searches. Words, since its length is known only now.
struct Table(Vec<u64>);

impl Table {
    /// # Safety
    /// These are entries of tags of the store.
    unsafe fn new(entries: impl ExactSizeIterator<Item = u64>) -> Self {
        let mut words = vec![entries.len() as u64, 0];
        for entry in entries {
            // SAFETY: by contract.
            words[1] |= unsafe { HandlerTable::bit_of(entry) };
            words.push(entry);
        }
        // An empty table has a null in place of the first entry.
        words.resize(words.len().max(3), 0);
        Self(words)
    }

    fn address(&self) -> *const HandlerTable {
        const {
            assert!(align_of::<HandlerTable>() == align_of::<u64>());
            assert!(offset_of!(HandlerTable, bits) == 8 && offset_of!(HandlerTable, first) == 16);
        };
        self.0.as_ptr().cast()
    }
}

/// Resumes a continuation.
///
/// # Safety
/// The store is live, and nobody else uses it meanwhile.
pub unsafe fn resume(
    store: StorePtr,
    handle: &ContHandle,
    with: With<'_>,
    handlers: &[Handler],
) -> Result<Outcome, Error> {
    let store = store.as_ptr();
    // SAFETY: the caller's contract. No reference to the store lives while
    // Wasm runs: libcalls make their own.
    unsafe {
        let ready = (*store).ready(handle, with, handlers)?;
        let Ready {
            thread,
            signature,
            clauses,
            table,
            entry,
        } = ready;
        let results = &signature.as_ref().results;
        let call = match (*store).resume(handle, &table, entry)? {
            Way::In(call) => call,
            Way::Over(outcome) => return Ok(outcome),
        };
        let entered = call::enter(store, thread, &call);
        if (*store).take_yield() {
            return (*store).interrupted(&call, handle, signature.as_ref());
        }
        (*store).end(&call, results, &clauses, entered)
    }
}

/// All that can be wrong has been looked at, and nothing has happened yet.
struct Ready<'a> {
    thread: Thread,
    /// Of the continuation's function type.
    signature: NonNull<Signature>,
    /// None where a clause is for switches: nothing arrives there.
    clauses: Vec<Option<Clause>>,
    table: Table,
    entry: EnterWith<'a>,
}

enum EnterWith<'a> {
    Values(InTransit),
    Exception(&'a Exception),
}

/// How a resumption goes on.
enum Way {
    In(Call),
    /// An exception that nothing in the chain catches: no need to switch.
    Over(Outcome),
}

impl StoreInner {
    fn ready<'a>(
        &mut self,
        handle: &ContHandle,
        with: With<'a>,
        handlers: &[Handler],
    ) -> Result<Ready<'a>, Error> {
        let (func, signature) = self.continuation_type(handle)?;
        let thread = self.check_activations()?;
        let mut clauses = Vec::with_capacity(handlers.len());
        for &handler in handlers {
            clauses.push(match handler {
                Handler::Suspend(tag) => {
                    self.check_same_store(tag.store, "tag")?;
                    Some(self.clause(tag, func)?)
                }
                Handler::Switch(tag) => {
                    self.check_same_store(tag.store, "tag")?;
                    self.check_switch(tag, signature)?;
                    None
                }
            });
        }
        let entry = |handler: &Handler| {
            let (tag, kind) = match handler {
                Handler::Suspend(tag) => (tag, 0),
                Handler::Switch(tag) => (tag, HandlerTable::SWITCH),
            };
            self.tags[tag.index as usize]
                .def
                .as_ptr()
                .expose_provenance() as u64
                | kind
        };
        // SAFETY: each was found to be the store's.
        let table = unsafe { Table::new(handlers.iter().map(entry)) };
        let reference = handle
            .get(self.id)
            .ok_or_else(|| Error::foreign("continuation"))?;
        self.check_nesting(ptr::null_mut(), reference)?;
        self.before_switch(false)?;
        let entry = match with {
            With::Exception(exception) => {
                self.exception_ref(exception)?;
                EnterWith::Exception(exception)
            }
            With::Values(values) => {
                // SAFETY: signatures live as long as the store.
                let types = unsafe { &signature.as_ref().ty.params };
                EnterWith::Values(self.lower_all(values, types)?)
            }
        };
        Ok(Ready {
            thread,
            signature,
            clauses,
            table,
            entry,
        })
    }

    /// Everything up to the switch. The handle's reference is used up.
    ///
    /// # Safety
    /// `table` stays until the host is back; nothing was collected since
    /// `entry` was made.
    unsafe fn resume(
        &mut self,
        handle: &ContHandle,
        table: &Table,
        entry: EnterWith<'_>,
    ) -> Result<Way, Error> {
        let record = self.current_record(handle)?;
        // Before there is a host record: an error would leave that behind.
        let exn = match &entry {
            EnterWith::Values(_) => HeapRef::NULL,
            EnterWith::Exception(exception) => self.exception_ref(exception)?,
        };
        let host = self.host_record()?;
        // SAFETY: one of the registry's records.
        let of = unsafe { (*record).id.as_u32() };
        tracing::trace!(target: SWITCHES, of, "resume by the host");
        let entering = match &entry {
            EnterWith::Values(_) => Entering::Resume,
            EnterWith::Exception(_) => Entering::Throw,
        };
        // SAFETY: a current reference is to a continuation that is fresh or suspended.
        self.emit(|store| Some(unsafe { store.resumption_of(record, entering, None, None) }));
        let exception = match entry {
            EnterWith::Values(slots) => {
                let payload = self.transfer_behind_bound(record, slots);
                // SAFETY: a current reference is to a continuation that is fresh
                // or suspended; the table stays by contract.
                let call = unsafe { self.activate(host, record, table.address(), payload) };
                return Ok(Way::In(call));
            }
            EnterWith::Exception(exception) => exception,
        };
        // SAFETY: as above. The chain was suspended until now.
        unsafe {
            let mut call = self.activate(host, record, table.address(), u64::from(exn.0));
            match self.throw_into(record, call.host, exn) {
                Ok(Some(target)) => {
                    make_current(self.context(), target, Waking::ThrownInto);
                    call.record = target;
                    Ok(Way::In(call))
                }
                Ok(None) => {
                    let thrown = Pending::Exception(exception.handle.clone());
                    self.ended(&call, Some(thrown)).map(Way::Over)
                }
                Err(error) => self.ended(&call, Some(error.into())).map(Way::Over),
            }
        }
    }

    /// Puts arguments on their way, behind those the continuation has bound.
    /// Returns the payload word.
    fn transfer_behind_bound(&mut self, record: *mut ContRecord, mut slots: InTransit) -> u64 {
        // SAFETY: one of the registry's records.
        if unsafe { (*record).bound_count() } != 0 {
            let bound = self.registry.take_bound(record);
            slots.insert_many(0, bound.values().iter().copied());
        }
        self.transfer(&slots)
    }

    /// Binds arguments to a continuation. The handle's reference is used up.
    pub(crate) fn bind(&mut self, handle: &ContHandle, args: &[Val]) -> Result<ContHandle, Error> {
        let (_, signature) = self.continuation_type(handle)?;
        // SAFETY: signatures live as long as the store.
        let signature = unsafe { signature.as_ref() };
        if args.len() > signature.params.len() {
            return Err(Error::usage(format!(
                "{} arguments bound to a continuation of {} parameters",
                args.len(),
                signature.params.len()
            )));
        }
        let (types, left) = signature.ty.params.split_at(args.len());
        let ty = FuncType {
            params: left.to_vec(),
            results: signature.ty.results.clone(),
        };
        let ty = self.types.func(&ty)?;
        let ty = self.types.cont(ty)?;
        let slots = self.lower_all(args, types)?;
        let record = self.current_record(handle)?;
        let kinds = signature.params.iter().map(|kind| kind.slot_kind());
        // SAFETY: the context is ours, and so is the record.
        let reference = unsafe {
            let arguments = slots.into_iter().zip(kinds);
            let bound = self.registry.bind(self.ctx.as_mut(), record, arguments);
            bound.map_err(|refused| limit_error(refused, None))?;
            (*record).revision += 1;
            self.emit(|store| store.bound(record));
            ContRef {
                record,
                revision: (*record).revision,
            }
        };
        // SAFETY: the continuation now takes what is left of its parameters.
        Ok(unsafe { self.cont_handle(reference, reference_to(ty)) })
    }

    /// The function type of a continuation, by number and as calls need it.
    pub(crate) fn continuation_type(
        &mut self,
        handle: &ContHandle,
    ) -> Result<(TypeId, NonNull<Signature>), Error> {
        handle
            .get(self.id)
            .ok_or_else(|| Error::foreign("continuation"))?;
        let HeapType::Concrete(id) = handle.ty().heap else {
            return Err(Error::usage(
                "a continuation whose type is not known cannot be resumed or bound",
            ));
        };
        let CompositeType::Cont(func) = self.engine.types().get(id).composite else {
            return Err(Error::internal("a continuation of another type"));
        };
        Ok((func, self.signature(func)?))
    }

    /// The record a handle stands for, or the trap that it was consumed.
    pub(crate) fn current_record(&self, handle: &ContHandle) -> Result<*mut ContRecord, Error> {
        let reference = handle
            .get(self.id)
            .ok_or_else(|| Error::foreign("continuation"))?;
        // SAFETY: a handle of this store has the address of one of its records.
        if unsafe { (*reference.record).revision } == reference.revision {
            return Ok(reference.record);
        }
        Err(Error::Trap(Box::new(Trap {
            reason: TrapReason::Code(TrapCode::ContinuationConsumed),
            // SAFETY: whatever Wasm there is waits for the host function we are in.
            backtrace: unsafe { self.backtrace(None) },
        })))
    }

    /// Whether the host may handle switches by a tag, while a continuation of this signature
    /// runs: whoever is switched to gives the tag's results, which arrive as that one's, and
    /// whoever switches away is taken for one that gives the tag's.
    fn check_switch(&mut self, tag: Tag, function: NonNull<Signature>) -> Result<(), Error> {
        let tag_type = self.signature(self.tag_type(tag.index))?;
        // SAFETY: signatures live as long as the store.
        let (tag_type, function) = unsafe { (&tag_type.as_ref().ty, &function.as_ref().ty) };
        let same = self.all_match(&tag_type.results, &function.results)
            && self.all_match(&function.results, &tag_type.results);
        if tag_type.params.is_empty() && same {
            return Ok(());
        }
        Err(Error::usage(
            "switches are handled by a tag without parameters, and with the results of the \
             continuation",
        ))
    }

    /// The clause of a tag for a continuation of this function type: what is
    /// suspended takes the tag's results, and still has the function's to give.
    fn clause(&mut self, tag: Tag, func: TypeId) -> Result<Clause, Error> {
        let tag_type = self.tag_type(tag.index);
        let signature = self.signature(tag_type)?;
        let ty = match self.suspended_types.get(&(tag_type, func)) {
            Some(&known) => known,
            None => {
                let function = self.signature(func)?;
                // SAFETY: signatures live as long as the store.
                let ty = unsafe {
                    FuncType {
                        params: signature.as_ref().ty.results.clone(),
                        results: function.as_ref().ty.results.clone(),
                    }
                };
                let ty = self.types.func(&ty)?;
                let ty = self.types.cont(ty)?;
                self.suspended_types.insert((tag_type, func), ty);
                ty
            }
        };
        Ok(Clause {
            tag,
            signature,
            ty: reference_to(ty),
        })
    }
}
