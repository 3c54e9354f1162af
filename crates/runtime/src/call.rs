//! The way from the host into Wasm, and back.
//!
//! A call is the resumption of a fresh continuation by the host:
//!
//! ```text
//!  before   ctx.current = X (null, or the record that called the host function we are in)
//!  during   X ◀─interrupted─ host record ◀─parent─ initial continuation ◀─parent─ … ◀─ ctx.current
//!  after    ctx.current = X again
//! ```
//!
//! [`crate::resume`] goes the same way with a continuation of the program.
//! However it ends, everything in the store's context is put back.

use crate::activation::{Activation, Call, InTransit};
use crate::error::Error;
use crate::id::StorePtr;
use crate::kind::ValueKind;
use crate::outcome::{Clause, Outcome};
use crate::pending::Pending;
use crate::signals;
use crate::signature::Signature;
use crate::store::StoreInner;
use crate::trace;
use crate::trap::Trap;
use crate::value::Val;
use crate::watch::Moment;
use mangrove_abi::{ContRecord, ContRef, FuncRef, HandlerTable, TransferSlot, Waking, reason};
use mangrove_continuation::{End, make_current};
use mangrove_stack::arch::{self, Left};
use mangrove_validate::ValType;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::{self, NonNull};

/// Calls a function of the store.
///
/// # Safety
/// The store is live, `func` is one of its functions, and nobody else uses the
/// store during the call.
pub unsafe fn call(
    store: StorePtr,
    func: NonNull<FuncRef>,
    args: &[Val],
) -> Result<Vec<Val>, Error> {
    let store = store.as_ptr();
    // SAFETY: the caller's contract. No reference to the store lives while
    // Wasm runs: libcalls make their own.
    unsafe {
        let (signature, call) = (*store).begin(func, args)?;
        let entered = enter(store, &call);
        match (*store).end(&call, &signature.as_ref().results, &[], entered)? {
            Outcome::Returned(results) => Ok(results),
            Outcome::Thrown(exception) => Err(Error::Exception(Box::new(exception))),
            Outcome::Suspended { .. } => unreachable!("a call has no handlers"),
        }
    }
}

/// Switches to the continuation of `call`, until something switches back.
///
/// # Safety
/// The store is live and the call has just been set up in it.
pub unsafe fn enter(store: *mut StoreInner, call: &Call) -> Left {
    // SAFETY: the caller's contract. No reference to the store lives meanwhile.
    unsafe {
        let ctx = (*store).ctx.as_ptr();
        signals::within(ctx, || {
            arch::enter(ctx, call.host, call.record, call.payload)
        })
    }
}

impl StoreInner {
    /// Everything up to the switch: arguments, initial continuation, host record.
    #[inline]
    unsafe fn begin(
        &mut self,
        func: NonNull<FuncRef>,
        args: &[Val],
    ) -> Result<(NonNull<Signature>, Call), Error> {
        // SAFETY: the function is this store's.
        let FuncRef { type_id, entry, .. } = unsafe { *func.as_ptr() };
        let signature = self.signature(type_id)?;
        // SAFETY: signatures live as long as the store.
        let types = unsafe { &signature.as_ref().ty.params };
        if entry.is_null() {
            return Err(Error::internal(
                "a function without an entry trampoline was called",
            ));
        }
        self.check_activations()?;
        let mut slots = self.lower_all(args, types)?;
        let before = self.collections;
        let record = self.take_initial()?;
        if self.collections != before {
            // The references have moved. What fitted then fits now.
            slots = self.lower_all(args, types)?;
        }
        let host = match self.host_record() {
            Ok(host) => host,
            Err(error) => {
                self.registry.put_back_initial(record);
                return Err(error);
            }
        };
        let payload = self.transfer(&slots);
        let mut ctx = self.ctx;
        // SAFETY: the context is ours; the record was just taken, and the
        // function is the store's. No handlers: nothing leaves it but by its end.
        let call = unsafe {
            self.registry
                .make_fresh(ctx.as_mut(), record, func.as_ptr());
            self.registry.entered();
            let handlers = &raw const (*ctx.as_ptr()).no_handlers;
            self.activate(host, record, handlers, true, payload)
        };
        Ok((signature, call))
    }

    /// Whether the host may enter Wasm once more, on this thread.
    pub(crate) fn check_activations(&self) -> Result<(), Error> {
        signals::ready()?;
        if self.activations.len() < self.engine.settings().activations_max {
            return Ok(());
        }
        Err(Error::Limit(format!(
            "call stack exhausted: {} calls from the host are active inside each other \
             (activations_max)",
            self.activations.len()
        )))
    }

    /// Puts values on their way: what goes into the payload register. Where the
    /// first value does not travel there, nobody looks at it.
    pub(crate) fn transfer(&mut self, slots: &[TransferSlot]) -> u64 {
        self.context().transfer[..slots.len()].copy_from_slice(slots);
        slots.first().map_or(0, |slot| slot.words[0])
    }

    /// Checks and lowers arguments. They are no roots yet.
    pub(crate) fn lower_all(&self, args: &[Val], types: &[ValType]) -> Result<InTransit, Error> {
        if args.len() != types.len() {
            return Err(Error::usage(format!(
                "{} arguments where {} are expected",
                args.len(),
                types.len()
            )));
        }
        args.iter()
            .zip(types)
            .map(|(arg, &ty)| self.lower(arg, ty))
            .collect()
    }

    /// A record with a stack; collects first when that is worth it, or when
    /// the limit is reached.
    pub(crate) fn take_record(&mut self) -> Result<*mut ContRecord, Error> {
        let mut ctx = self.ctx;
        // SAFETY: the context is ours, and no compiled code runs.
        let ctx = unsafe { ctx.as_mut() };
        if self.engine.settings().fresh_stacks {
            self.registry.trim(ctx, 0);
        }
        if ctx.free_records.is_null() {
            self.park_some();
        }
        if ctx.free_records.is_null() && self.registry.collection_is_due(ctx) {
            self.collect_for_continuations()?;
        }
        let record = match self.take_allowed()? {
            Ok(record) => record,
            Err(_) => {
                self.collect_for_continuations()?;
                self.take_allowed()?.map_err(|refusal| match refusal {
                    Some(error) => self.no_room(error),
                    None => self.continuation_refused(),
                })?
            }
        };
        // SAFETY: one of the registry's records.
        let id = unsafe { (*record).id.as_u32() };
        tracing::trace!(target: trace::CONTINUATIONS, id, "made");
        Ok(record)
    }

    /// A record for the initial continuation of a call; collects first when the
    /// limit is reached.
    fn take_initial(&mut self) -> Result<*mut ContRecord, Error> {
        let mut ctx = self.ctx;
        // SAFETY: the context is ours, and no compiled code runs.
        if let Ok(record) = self.registry.take_initial(unsafe { ctx.as_mut() }) {
            return Ok(record);
        }
        self.collect_for_continuations()?;
        // SAFETY: as above.
        let record = self.registry.take_initial(unsafe { ctx.as_mut() });
        record.map_err(|error| self.no_room(error))
    }

    /// A record for the host.
    pub(crate) fn host_record(&mut self) -> Result<*mut ContRecord, Error> {
        let host = self.registry.new_host_record();
        host.map_err(|error| self.no_room(error))
    }

    /// Consumes a continuation that is fresh or suspended and puts its chain on
    /// a host record made for it, with these handlers.
    ///
    /// # Safety
    /// It is one of the store's, and the table stays until [`Self::leave`].
    pub(crate) unsafe fn activate(
        &mut self,
        host: *mut ContRecord,
        record: *mut ContRecord,
        handlers: *const HandlerTable,
        is_call: bool,
        payload: u64,
    ) -> Call {
        let mut ctx = self.ctx;
        // SAFETY: the context is ours; records stay where they are.
        unsafe {
            let ctx = ctx.as_mut();
            (*host).handlers = handlers;
            (*host).parent = ptr::null_mut();
            (*host).interrupted = ctx.current;
            if !is_call {
                (*host).func = (*record).func;
            }
            (*record).revision += 1;
            (*(*record).outermost).parent = host;
            self.activations.push(Activation {
                host,
                interrupted: ctx.current,
                caller: self.host_func,
                is_call,
            });
            let call = Call {
                host,
                record,
                payload,
                outer_host: ctx.host_record,
                outer_host_sp: ctx.host_sp,
            };
            make_current(ctx, record, Waking::Entered);
            ctx.host_record = host;
            call
        }
    }

    /// Everything after the switch back. `results` are those of the continuation.
    ///
    /// # Safety
    /// Wasm of this call has just been left.
    #[inline]
    pub(crate) unsafe fn end(
        &mut self,
        call: &Call,
        results: &[ValueKind],
        clauses: &[Clause],
        entered: Left,
    ) -> Result<Outcome, Error> {
        if entered.reason == reason::RETURNED {
            // SAFETY: what returned has left its results.
            let results = unsafe { self.arrived(results, entered.payload) };
            if self.activations.last().is_some_and(|call| call.is_call) {
                let mut ctx = self.ctx;
                // SAFETY: the context is ours, and no compiled code runs.
                let ctx = unsafe { ctx.as_mut() };
                self.registry.reclaim_initial(ctx, call.record);
            }
            self.leave(call);
            return Ok(Outcome::Returned(results));
        }
        if entered.reason == reason::TRAPPED {
            // SAFETY: by contract.
            return unsafe { self.ended(call, None) };
        }
        let index = usize::try_from(entered.reason - reason::HANDLED).ok();
        let Some(clause) = index.and_then(|index| clauses.get(index)) else {
            let error = Error::internal(format!("Wasm was left with word {}", entered.reason));
            // SAFETY: by contract.
            return unsafe { self.ended(call, Some(Pending::Error(error))) };
        };
        // SAFETY: signatures live as long as the store.
        let kinds = unsafe { &clause.signature.as_ref().params };
        let record = entered.from;
        // SAFETY: the values are those of the tag; a suspension comes from the
        // innermost record of its chain, and what is left of it is of the clause's type.
        let (values, continuation) = unsafe {
            let values = self.arrived(kinds, entered.payload);
            let revision = (*record).revision;
            (
                values,
                self.cont_handle(ContRef { record, revision }, clause.ty),
            )
        };
        self.leave(call);
        Ok(Outcome::Suspended {
            tag: clause.tag,
            values,
            continuation,
        })
    }

    /// What is left to do when Wasm neither returned nor suspended: `why` it was
    /// left, where the runtime does not know it already.
    ///
    /// # Safety
    /// Wasm of this call has just been left, its chain as it was.
    pub(crate) unsafe fn ended(
        &mut self,
        call: &Call,
        why: Option<Pending>,
    ) -> Result<Outcome, Error> {
        // SAFETY: by contract.
        let fault = unsafe { self.settle_fault() };
        let reason = why.unwrap_or_else(|| self.reason(fault));
        // A panic in here, an observer's for one, waits until everything is put back.
        let looked = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: the stacks of all activations are as they were left.
            let backtrace = unsafe { self.backtrace(fault) };
            if !matches!(reason, Pending::Exception(_)) {
                self.notify(Moment::Trap);
            }
            backtrace
        }));
        let mut ctx = self.ctx;
        let end = match reason {
            Pending::Exception(_) => End::Thrown,
            _ => End::Trapped,
        };
        // SAFETY: the chain from `current` to our host record is this
        // activation's; nothing on its stacks is looked at any more.
        let whole = unsafe {
            let ctx = ctx.as_mut();
            self.registry
                .release_chain(ctx, ctx.current, call.host, end)
        };
        let left = catch_unwind(AssertUnwindSafe(|| self.leave(call)));
        // Of several panics the first goes on.
        match (reason, looked, left) {
            (Pending::Panic(panic), ..) | (_, Err(panic), _) | (_, _, Err(panic)) => {
                resume_unwind(panic)
            }
            _ if !whole => Err(Error::internal("a chain did not end at its host record")),
            (Pending::Trap(reason), Ok(backtrace), _) => {
                Err(Error::Trap(Box::new(Trap { reason, backtrace })))
            }
            (Pending::Exception(handle), Ok(backtrace), _) => {
                self.exception(handle, backtrace).map(Outcome::Thrown)
            }
            (Pending::Error(error), ..) => Err(error),
        }
    }

    /// The values that arrived with a switch to the host.
    ///
    /// # Safety
    /// They are of these kinds.
    unsafe fn arrived(&mut self, kinds: &[ValueKind], payload: u64) -> Vec<Val> {
        let mut values = Vec::with_capacity(kinds.len());
        for (index, &kind) in kinds.iter().enumerate() {
            let slot = if index == 0 && kind.repr().in_payload_register() {
                TransferSlot::from_u64(payload)
            } else {
                self.context().transfer[index]
            };
            // SAFETY: by contract.
            values.push(unsafe { self.lift(slot, kind) });
        }
        values
    }

    /// Puts the context back to what it was before the call.
    fn leave(&mut self, call: &Call) {
        let activation = self.activations.pop().expect("a call is under way");
        debug_assert_eq!(activation.host, call.host);
        self.registry.release_host_record(call.host);
        self.host_func = activation.caller;
        let ctx = self.context();
        // SAFETY: the record that ran when Wasm was entered, or null.
        unsafe { make_current(ctx, activation.interrupted, Waking::Left) };
        ctx.host_record = call.outer_host;
        ctx.host_sp = call.outer_host_sp;
        if self.activations.is_empty() {
            self.notify(Moment::End);
        }
    }
}
