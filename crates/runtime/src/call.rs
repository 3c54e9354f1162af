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
use crate::signals::{self, Thread};
use crate::signature::Signature;
use crate::store::StoreInner;
use crate::trace;
use crate::trap::Trap;
use crate::value::Val;
use crate::watch::Moment;
use mangrove_abi::{ContRecord, ContRef, FuncRef, HandlerTable, TransferSlot, Waking, reason};
use mangrove_continuation::{CallRecords, End, make_current};
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
        let signature = (*store).callable(func)?;
        let signature = signature.as_ref();
        (*store).expect_call()?;
        let payload = (*store).place_all(args, &signature.ty.params)?;
        let (thread, call) = (*store).begin(func, payload)?;
        let entered = enter(store, thread, &call);
        match (*store).end(&call, &signature.results, &[], entered)? {
            Outcome::Returned(results) => Ok(results),
            Outcome::Thrown(exception) => Err(Error::Exception(Box::new(exception))),
            Outcome::Suspended { .. } => unreachable!("a call has no handlers"),
        }
    }
}

/// A call whose arguments are in the transfer area, after [`StoreInner::expect_call`].
/// Returns what came back in the payload register; the other results are in the transfer
/// area, and no roots.
///
/// The way there and back is one function, as far as nothing goes wrong.
///
/// # Safety
/// As [`call`] and [`StoreInner::begin`].
#[inline]
pub(crate) unsafe fn call_placed(
    store: *mut StoreInner,
    func: NonNull<FuncRef>,
    payload: u64,
) -> Result<u64, Error> {
    // SAFETY: the caller's contract. No reference to the store lives while Wasm runs.
    unsafe {
        let (thread, call) = (*store).begin(func, payload)?;
        let Left {
            reason,
            payload,
            from,
        } = enter(store, thread, &call);
        if reason != reason::RETURNED {
            return Err((*store).failed(call.host, call.record, [reason as u64, payload], from));
        }
        (*store).returned(&call);
        Ok(payload)
    }
}

fn check_count(given: usize, expected: usize) -> Result<(), Error> {
    if given == expected {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{given} arguments where {expected} are expected"
    )))
}

/// Switches to the continuation of `call`, until something switches back.
///
/// # Safety
/// The store is live and the call has just been set up in it.
#[inline(always)]
pub unsafe fn enter(store: *mut StoreInner, thread: Thread, call: &Call) -> Left {
    // SAFETY: the caller's contract. No reference to the store lives meanwhile.
    unsafe {
        let ctx = (*store).ctx.as_ptr();
        thread.within(ctx, || {
            arch::enter(ctx, call.host, call.record, call.payload)
        })
    }
}

impl StoreInner {
    /// The signature of a function of this store, if the host can call it.
    pub(crate) fn callable(&mut self, func: NonNull<FuncRef>) -> Result<NonNull<Signature>, Error> {
        // SAFETY: the function is this store's.
        let FuncRef { type_id, entry, .. } = unsafe { *func.as_ptr() };
        if entry.is_null() {
            return Err(Error::internal(
                "a function without an entry trampoline was called",
            ));
        }
        self.signature(type_id)
    }

    /// Sees to it that the next call finds its records. May collect, where there are none of
    /// an earlier call.
    ///
    /// # Errors
    /// A limit, or the system gives no stack.
    #[inline]
    pub(crate) fn expect_call(&mut self) -> Result<(), Error> {
        match self.registry.has_call() {
            true => Ok(()),
            false => self.make_call(),
        }
    }

    #[cold]
    fn make_call(&mut self) -> Result<(), Error> {
        let mut ctx = self.ctx;
        // SAFETY: the context is ours, and no compiled code runs.
        let records = match self.registry.new_call(unsafe { ctx.as_mut() }) {
            Ok(records) => records,
            Err(_) => {
                self.collect()?;
                // SAFETY: as above.
                let records = self.registry.new_call(unsafe { ctx.as_mut() });
                records.map_err(|error| self.no_room(error))?
            }
        };
        self.registry.release_host_record(records.host);
        Ok(())
    }

    /// Everything up to the switch, with the arguments in the transfer area already.
    ///
    /// # Errors
    /// A limit.
    ///
    /// # Safety
    /// The function is the store's and has an entry trampoline; the arguments are of its
    /// parameters' types, and nothing was collected since they were put there.
    #[inline(always)]
    unsafe fn begin(
        &mut self,
        func: NonNull<FuncRef>,
        payload: u64,
    ) -> Result<(Thread, Call), Error> {
        let thread = self.check_activations()?;
        let Some(records) = self.registry.take_call() else {
            return Err(Error::internal("a call without records"));
        };
        let mut ctx = self.ctx;
        // SAFETY: the context is ours; the records were taken for this call. Its host
        // record has no handlers: nothing leaves it but by its end.
        unsafe {
            let ctx = ctx.as_mut();
            let interrupted = ctx.current;
            self.registry
                .begin_call(ctx, records, func.as_ptr(), interrupted);
            let CallRecords { host, initial } = records;
            Ok((thread, self.push_activation(host, initial, payload)))
        }
    }

    /// Puts arguments where the callee takes them, and returns what goes into the payload
    /// register. Where the first value does not travel there, nobody looks at it.
    fn place_all(&mut self, args: &[Val], types: &[ValType]) -> Result<u64, Error> {
        check_count(args.len(), types.len())?;
        for (index, (arg, &ty)) in args.iter().zip(types).enumerate() {
            let slot = self.lower(arg, ty)?;
            self.context().transfer[index] = slot;
        }
        Ok(self.context().transfer[0].words[0])
    }

    /// Whether the host may enter Wasm once more, on this thread.
    #[inline]
    pub(crate) fn check_activations(&self) -> Result<Thread, Error> {
        let thread = signals::this_thread()?;
        if self.activations.len() < self.engine.settings().activations_max {
            return Ok(thread);
        }
        Err(self.too_many_activations())
    }

    #[cold]
    fn too_many_activations(&self) -> Error {
        Error::Limit(format!(
            "call stack exhausted: {} calls from the host are active inside each other \
             (activations_max)",
            self.activations.len()
        ))
    }

    /// Puts values on their way: what goes into the payload register. Where the
    /// first value does not travel there, nobody looks at it.
    pub(crate) fn transfer(&mut self, slots: &[TransferSlot]) -> u64 {
        self.context().transfer[..slots.len()].copy_from_slice(slots);
        slots.first().map_or(0, |slot| slot.words[0])
    }

    /// Checks and lowers arguments. They are no roots yet.
    pub(crate) fn lower_all(&self, args: &[Val], types: &[ValType]) -> Result<InTransit, Error> {
        check_count(args.len(), types.len())?;
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
            self.collect()?;
        }
        let record = match self.registry.take(ctx) {
            Ok(record) => record,
            Err(_) => {
                self.collect()?;
                let record = self.registry.take(ctx);
                record.map_err(|error| self.no_room(error))?
            }
        };
        // SAFETY: one of the registry's records.
        let id = unsafe { (*record).id.as_u32() };
        tracing::trace!(target: trace::CONTINUATIONS, id, "made");
        Ok(record)
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
    #[inline(always)]
    pub(crate) unsafe fn activate(
        &mut self,
        host: *mut ContRecord,
        record: *mut ContRecord,
        handlers: *const HandlerTable,
        payload: u64,
    ) -> Call {
        let mut ctx = self.ctx;
        // SAFETY: the context is ours; records stay where they are.
        unsafe {
            let ctx = ctx.as_mut();
            (*host).handlers = handlers;
            (*host).parent = ptr::null_mut();
            (*host).interrupted = ctx.current;
            (*host).func = (*record).func;
            (*record).revision += 1;
            (*(*record).outermost).parent = host;
        }
        // SAFETY: the caller's contract.
        unsafe { self.push_activation(host, record, payload) }
    }

    /// The activation of a host record and what it enters.
    ///
    /// # Safety
    /// As [`Self::activate`], whose work is done but for this.
    #[inline(always)]
    unsafe fn push_activation(
        &mut self,
        host: *mut ContRecord,
        record: *mut ContRecord,
        payload: u64,
    ) -> Call {
        let mut ctx = self.ctx;
        // SAFETY: the context is ours; records stay where they are.
        unsafe {
            let ctx = ctx.as_mut();
            self.activations.push(Activation {
                host,
                caller: self.host_func,
            });
            make_current(ctx, record, Waking::Entered);
            ctx.host_record = host;
        }
        Call {
            host,
            record,
            payload,
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
            // SAFETY: by contract.
            unsafe { self.returned(call) };
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

    /// Why a call did not return.
    ///
    /// # Safety
    /// As [`Self::end`].
    #[cold]
    #[inline(never)]
    unsafe fn failed(
        &mut self,
        host: *mut ContRecord,
        record: *mut ContRecord,
        [reason, payload]: [u64; 2],
        from: *mut ContRecord,
    ) -> Error {
        let call = Call {
            host,
            record,
            payload,
        };
        let entered = Left {
            reason: reason as i64,
            payload,
            from,
        };
        // SAFETY: by contract.
        match unsafe { self.end(&call, &[], &[], entered) } {
            Err(error) => error,
            Ok(Outcome::Thrown(exception)) => Error::Exception(Box::new(exception)),
            Ok(Outcome::Returned(_) | Outcome::Suspended { .. }) => {
                Error::internal("a call without handlers was left")
            }
        }
    }

    /// What is left to do when the continuation's function has returned.
    ///
    /// # Safety
    /// Wasm of this call, the innermost one, has just been left that way.
    #[inline(always)]
    unsafe fn returned(&mut self, call: &Call) {
        let mut ctx = self.ctx;
        // SAFETY: the context is ours, and no compiled code runs; the records are those
        // of this call.
        unsafe {
            let interrupted = (*call.host).interrupted;
            match (*call.host).func.is_null() {
                true => self.registry.end_call(
                    ctx.as_mut(),
                    CallRecords {
                        host: call.host,
                        initial: call.record,
                    },
                ),
                false => self.registry.release_host_record(call.host),
            }
            self.restore(interrupted);
        }
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
            (Pending::Error(mut error), Ok(backtrace), _) => {
                if let Error::Custom(custom) = &mut error {
                    custom.crossed(backtrace);
                }
                Err(error)
            }
        }
    }

    /// The values that arrived with a switch to the host.
    ///
    /// # Safety
    /// They are of these kinds.
    unsafe fn arrived(&mut self, kinds: &[ValueKind], payload: u64) -> Vec<Val> {
        let mut values = Vec::with_capacity(kinds.len());
        for (index, &kind) in kinds.iter().enumerate() {
            let in_register = index == 0 && kind.repr().in_payload_register();
            // SAFETY: by contract.
            values.push(unsafe {
                match in_register {
                    true => self.lift(TransferSlot::from_u64(payload), kind),
                    false => self.arrived_at(index, kind),
                }
            });
        }
        values
    }

    /// Takes the activation down, however it ended other than by returning.
    fn leave(&mut self, call: &Call) {
        // SAFETY: the host record of the activation that ends.
        unsafe {
            let interrupted = (*call.host).interrupted;
            self.registry.release_host_record(call.host);
            self.restore(interrupted);
        }
    }

    /// Puts the context back to what it was before the innermost activation, whose host
    /// record has been taken back.
    ///
    /// # Safety
    /// `interrupted` is the record that ran then, or null.
    #[inline(always)]
    unsafe fn restore(&mut self, interrupted: *mut ContRecord) {
        let activation = self.activations.pop().expect("a call is under way");
        let outer = self.activations.last();
        // SAFETY: the host record of an activation that is not over.
        let (outer, host_sp) = outer.map_or((ptr::null_mut(), 0), |outer| unsafe {
            (outer.host, arch::host_sp(outer.host))
        });
        self.host_func = activation.caller;
        let ctx = self.context();
        // SAFETY: by contract.
        unsafe { make_current(ctx, interrupted, Waking::Left) };
        ctx.host_record = outer;
        ctx.host_sp = host_sp;
        if outer.is_null() {
            self.notify(Moment::End);
        }
    }
}
