//! Calls from the host into Wasm.
//!
//! A call is the resumption of a fresh continuation by the host:
//!
//! ```text
//!  before   ctx.current = X (null, or the record that called the host function we are in)
//!  during   X ◀─last─ host record ◀─parent─ initial continuation ◀─parent─ … ◀─ ctx.current
//!                         │ outer: host record of the activation around this one
//!  after    ctx.current = X again
//! ```
//!
//! However the call ends, everything in the store's context is put back.

use crate::backtrace::Fault;
use crate::error::Error;
use crate::observe::Moment;
use crate::pending::{Activation, Pending};
use crate::roots::FEWEST_CONTINUATIONS;
use crate::signals;
use crate::signature::Signature;
use crate::store::{StoreInner, StorePtr};
use crate::trap::{Trap, TrapReason};
use crate::values::Val;
use mangrove_abi::{ContRecord, FuncRef, TransferSlot, TrapCode, word};
use mangrove_continuation::End;
use mangrove_stack::arch::{self, Entered};
use mangrove_validate::ValType;
use smallvec::SmallVec;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

type Slots = SmallVec<[TransferSlot; 8]>;

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
        let entered = signals::within((*store).ctx.as_ptr(), || {
            arch::enter((*store).ctx.as_ptr(), call.host, call.record, call.payload)
        });
        (*store).end(&call, signature.as_ref(), entered)
    }
}

/// A call under way.
struct Call {
    host: *mut ContRecord,
    record: *mut ContRecord,
    payload: u64,
    /// What to put back.
    outer_host: *mut ContRecord,
    outer_host_sp: u64,
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
        if self.activations.len() >= self.engine.config().activations_max {
            return Err(Error::Limit(format!(
                "call stack exhausted: {} calls from the host are active inside each other",
                self.activations.len()
            )));
        }
        let mut slots = self.lower_all(args, types)?;
        let before = self.collections;
        let record = self.take_record()?;
        if self.collections != before {
            // The references have moved. What fitted then fits now.
            slots = self.lower_all(args, types)?;
        }
        let first_in_register = {
            // SAFETY: as above.
            let signature = unsafe { signature.as_ref() };
            signature
                .params
                .first()
                .is_some_and(|kind| kind.in_register())
        };
        let ctx = self.context();
        ctx.transfer[..slots.len()].copy_from_slice(&slots);
        let payload = if first_in_register {
            slots[0].words[0]
        } else {
            0
        };
        // SAFETY: the record was just taken, and the function is the store's.
        Ok((signature, unsafe { self.activate(record, func, payload) }))
    }

    /// Checks and lowers arguments. They are no roots yet.
    fn lower_all(&self, args: &[Val], types: &[ValType]) -> Result<Slots, Error> {
        if args.len() != types.len() {
            return Err(Error::usage(format!(
                "{} arguments for a function of {} parameters",
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
        if ctx.free_records.is_null()
            && self.continuations_due >= FEWEST_CONTINUATIONS
            && self.registry.live(ctx) >= self.continuations_due
        {
            self.collect()?;
        }
        match self.registry.take(ctx) {
            Ok(record) => Ok(record),
            Err(_) => {
                self.collect()?;
                self.registry
                    .take(ctx)
                    .map_err(|error| Error::Limit(error.to_string()))
            }
        }
    }

    /// Makes the initial continuation and puts it on a host record.
    unsafe fn activate(
        &mut self,
        record: *mut ContRecord,
        func: NonNull<FuncRef>,
        payload: u64,
    ) -> Call {
        let mut ctx = self.ctx;
        // SAFETY: the context is ours; the record was just taken, and both
        // records stay where they are.
        unsafe {
            let ctx = ctx.as_mut();
            let registry = &mut self.registry;
            registry.make_fresh(ctx, record, func.as_ptr());
            registry.entered();
            let host = registry.new_host_record();
            (*host).handlers = &raw const ctx.no_handlers;
            (*host).parent = std::ptr::null_mut();
            (*host).outer = ctx.host_record;
            (*host).last = ctx.current;
            // The reference `make_fresh` gave is hereby consumed.
            (*record).revision += 1;
            (*record).parent = host;
            let caller = self.host_func;
            self.activations.push(Activation {
                host,
                outer: ctx.current,
                caller,
            });
            let call = Call {
                host,
                record,
                payload,
                outer_host: ctx.host_record,
                outer_host_sp: ctx.host_sp,
            };
            ctx.current = record;
            ctx.host_record = host;
            call
        }
    }

    /// Everything after the switch back.
    #[inline]
    unsafe fn end(
        &mut self,
        call: &Call,
        signature: &Signature,
        entered: Entered,
    ) -> Result<Vec<Val>, Error> {
        if entered.word == word::RETURNED {
            let results = self.results(signature, entered.payload);
            self.leave(call);
            return Ok(results);
        }
        // SAFETY: Wasm of this activation has just been left.
        let fault = unsafe { self.take_fault() };
        let reason = if entered.word == word::TRAPPED {
            self.reason(fault)
        } else {
            Pending::Error(Error::internal(format!(
                "Wasm was left with word {}",
                entered.word
            )))
        };
        // SAFETY: the stacks of all activations are as they were left.
        let backtrace = unsafe { self.backtrace(fault) };
        // A panic of an observer has to wait until everything is put back.
        let observed = match reason {
            Pending::Exception(_) => Ok(()),
            _ => catch_unwind(AssertUnwindSafe(|| self.notify(Moment::Trap))),
        };
        let mut ctx = self.ctx;
        let end = match reason {
            Pending::Exception(_) => End::Thrown,
            _ => End::Trapped,
        };
        // SAFETY: the chain from `current` to our host record is this
        // activation's; nothing on its stacks is looked at any more.
        unsafe {
            let ctx = ctx.as_mut();
            self.registry
                .release_chain(ctx, ctx.current, call.host, end);
        }
        self.leave(call);
        if let Err(panic) = observed {
            resume_unwind(panic);
        }
        match reason {
            Pending::Trap(reason) => Err(Error::Trap(Box::new(Trap { reason, backtrace }))),
            Pending::Exception(handle) => Err(self.exception(handle, backtrace)),
            Pending::Error(error) => Err(error),
            Pending::Panic(panic) => resume_unwind(panic),
        }
    }

    /// The results of a call that returned.
    fn results(&mut self, signature: &Signature, payload: u64) -> Vec<Val> {
        let mut results = Vec::with_capacity(signature.results.len());
        for (index, &kind) in signature.results.iter().enumerate() {
            let slot = if index == 0 && kind.in_register() {
                TransferSlot::from_u64(payload)
            } else {
                self.context().transfer[index]
            };
            results.push(self.lift(slot, kind));
        }
        results
    }

    /// Puts the context back to what it was before the call.
    fn leave(&mut self, call: &Call) {
        let activation = self.activations.pop().expect("a call is under way");
        debug_assert_eq!(activation.host, call.host);
        self.registry.release_host_record(call.host);
        self.host_func = activation.caller;
        let ctx = self.context();
        ctx.current = activation.outer;
        ctx.host_record = call.outer_host;
        ctx.host_sp = call.outer_host_sp;
        if self.activations.is_empty() {
            self.notify(Moment::End);
        }
    }

    /// Why Wasm was left: what a libcall said, or what a fault means.
    fn reason(&mut self, fault: Option<Fault>) -> Pending {
        if let Some(pending) = self.pending.take() {
            return pending;
        }
        let Some(Fault {
            pc,
            address,
            signal,
        }) = fault
        else {
            return Pending::Error(Error::internal("Wasm was left without a reason"));
        };
        if self.registry.guard_contains(address) {
            return Pending::Trap(TrapReason::Code(TrapCode::StackOverflow));
        }
        let site = self
            .code
            .find(pc)
            .and_then(|(code, offset, _)| code.image.trap_at(offset));
        match site {
            Some(site) => Pending::Trap(TrapReason::Code(site.code)),
            None => Pending::Error(Error::internal(format!(
                "signal {signal} at {pc:#x}, address {address:#x}, where nothing may trap"
            ))),
        }
    }
}
