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
//! However it ends, everything in the store's context is put back: [`crate::leaving`].

use crate::activation::{Activation, Call, Expected, InTransit};
use crate::error::Error;
use crate::id::StorePtr;
use crate::outcome::Outcome;
use crate::signals::{self, Thread};
use crate::signature::Signature;
use crate::store::StoreInner;
use crate::trace;
use crate::value::Val;
use mangrove_abi::{ContRecord, FuncRef, HandlerTable, TransferSlot, Waking, reason};
use mangrove_continuation::{CallRecords, make_current};
use mangrove_stack::arch::{self, Left};
use mangrove_validate::ValType;
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
        let expected = (*store).expect_call()?;
        let payload = match (*store).place_all(args, &signature.ty.params) {
            Ok(payload) => payload,
            Err(error) => return Err((*store).give_up(expected, error)),
        };
        let (call, entered) = enter_call(store, func, expected, payload);
        match (*store).end(&call, &signature.results, &[], entered)? {
            Outcome::Returned(results) => Ok(results),
            Outcome::Thrown(exception) => Err(Error::Exception(Box::new(exception))),
            Outcome::Suspended { .. } => unreachable!("a call has no handlers"),
            Outcome::Interrupted(_) => unreachable!("a call is no resumption"),
        }
    }
}

/// A call whose arguments are in the transfer area, after [`StoreInner::expect_call`].
/// Returns what came back in the payload register; the other results are in the transfer
/// area, and no roots.
///
/// The way there and back is a part of the caller, as far as nothing goes wrong: there, it
/// saves a frame, and the error goes where it is wanted.
///
/// # Safety
/// As [`enter_call`].
#[inline(always)]
pub(crate) unsafe fn call_placed(
    store: *mut StoreInner,
    func: NonNull<FuncRef>,
    expected: Expected,
    payload: u64,
) -> Result<u64, Error> {
    // SAFETY: the caller's contract. No reference to the store lives while Wasm runs.
    unsafe {
        let (
            call,
            Left {
                reason,
                payload,
                from,
            },
        ) = enter_call(store, func, expected, payload);
        if reason != reason::RETURNED {
            return Err((*store).failed(call.host, call.record, [reason as u64, payload], from));
        }
        (*store).call_returned(expected.records);
        Ok(payload)
    }
}

/// Everything from the arguments in the transfer area until something switches back.
///
/// # Safety
/// As [`call`]. The function has an entry trampoline; the arguments are of its
/// parameters' types, and nothing was collected since they were put there.
#[inline(always)]
unsafe fn enter_call(
    store: *mut StoreInner,
    func: NonNull<FuncRef>,
    expected: Expected,
    payload: u64,
) -> (Call, Left) {
    let Expected { thread, records } = expected;
    let CallRecords { host, initial } = records;
    // SAFETY: the caller's contract. The records were taken for this call, whose host
    // record has no handlers: nothing leaves it but by its end. No reference to the store
    // lives while Wasm runs.
    unsafe {
        let ctx = (*store).ctx.as_ptr();
        let func = func.as_ptr();
        (*store).registry.begin_call(records, func, (*ctx).current);
        let call = (*store).push_activation(host, initial, payload);
        (*store).emit(|store| store.called(initial));
        let entry = (*func).entry;
        let entered = thread.within(ctx, || {
            arch::enter_fresh(ctx, host, initial, entry, payload)
        });
        (call, entered)
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

    /// What the next call needs. May collect, where there are no records of an earlier call.
    ///
    /// # Errors
    /// A limit, or the system gives no stack.
    #[inline(always)]
    pub(crate) fn expect_call(&mut self) -> Result<Expected, Error> {
        let thread = self.check_activations()?;
        let records = match self.registry.take_call() {
            Some(records) => records,
            None => self.make_call()?,
        };
        Ok(Expected { thread, records })
    }

    /// A call that was expected does not begin, for this reason.
    #[cold]
    #[inline(never)]
    pub(crate) fn give_up(&mut self, expected: Expected, error: Error) -> Error {
        self.registry.release_host_record(expected.records.host);
        error
    }

    #[cold]
    #[inline(never)]
    fn make_call(&mut self) -> Result<CallRecords, Error> {
        let mut ctx = self.ctx;
        // SAFETY: the context is ours, and no compiled code runs.
        match self.registry.new_call(unsafe { ctx.as_mut() }) {
            Ok(records) => Ok(records),
            Err(_) => {
                self.collect_for_continuations()?;
                // SAFETY: as above.
                let records = self.registry.new_call(unsafe { ctx.as_mut() });
                records.map_err(|error| self.no_room(error))
            }
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
    #[inline(always)]
    pub(crate) fn check_activations(&mut self) -> Result<Thread, Error> {
        let thread = signals::this_thread()?;
        if !self.activations.has_room() {
            self.grow_activations()?;
        }
        Ok(thread)
    }

    #[cold]
    #[inline(never)]
    fn grow_activations(&mut self) -> Result<(), Error> {
        let most = self.engine.settings().activations_max;
        if self.activations.grow(most) {
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

    /// The activation of a host record and what it enters, after
    /// [`Self::check_activations`].
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
}
