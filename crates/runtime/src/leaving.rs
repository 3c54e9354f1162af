//! The way back from Wasm to the host.
//!
//! ```text
//!  end ─┬─ returned ─────────┬─▶ restore: the context as it was before
//!       ├─ suspended to us ──┤
//!       └─ ended: trapped, thrown, an error or a panic of the host
//!             chain released ┘
//! ```

use crate::activation::Call;
use crate::error::Error;
use crate::kind::ValueKind;
use crate::outcome::{Clause, Outcome};
use crate::pending::Pending;
use crate::store::StoreInner;
use crate::trap::Trap;
use crate::value::Val;
use crate::watch::Moment;
use mangrove_abi::{ContRecord, ContRef, TransferSlot, Waking, reason};
use mangrove_continuation::{CallRecords, End, make_current};
use mangrove_stack::arch::{self, Left};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;

impl StoreInner {
    /// Everything after the switch back. `results` are those of the continuation.
    ///
    /// # Safety
    /// Wasm of this call has just been left.
    #[inline]
    pub(crate) unsafe fn end(
        &mut self,
        call: &Call,
        results: &[ValueKind],
        clauses: &[Option<Clause>],
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
        let Some(Some(clause)) = index.and_then(|index| clauses.get(index)) else {
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
    pub(crate) unsafe fn failed(
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
            Ok(Outcome::Returned(_) | Outcome::Suspended { .. } | Outcome::Interrupted(_)) => {
                Error::internal("a call without handlers was left")
            }
        }
    }

    /// What is left to do when the continuation's function has returned.
    ///
    /// # Safety
    /// Wasm of this call or resumption, the innermost one, has just been left that way.
    pub(crate) unsafe fn returned(&mut self, call: &Call) {
        // SAFETY: by contract.
        unsafe {
            // The host record of a resumption names the function it resumed.
            if !(*call.host).func.is_null() {
                return self.leave(call);
            }
            self.call_returned(CallRecords {
                host: call.host,
                initial: call.record,
            });
        }
    }

    /// [`StoreInner::returned`] of a call, with these records.
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    pub(crate) unsafe fn call_returned(&mut self, records: CallRecords) {
        let mut ctx = self.ctx;
        // SAFETY: the context is ours, and no compiled code runs; the records are those
        // of this call, and what has returned is the free list's first.
        unsafe {
            let interrupted = (*records.host).interrupted;
            self.registry.end_call(ctx.as_mut(), records);
            // Who listens may count: what has returned is no longer a call either. Its number
            // stays in its record.
            self.emit(|store| store.has_returned(records.initial));
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
        let fault = unsafe {
            let fault = self.settle_fault();
            self.charge_unsettled(fault);
            fault
        };
        let reason = why.unwrap_or_else(|| self.reason(fault));
        // A panic in here, an observer's for one, waits until everything is put back.
        let looked = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: the stacks of all activations are as they were left.
            let backtrace = unsafe { self.backtrace(fault) };
            if !matches!(reason, Pending::Exception(_)) {
                // SAFETY: as above.
                let event = |store: &mut Self| unsafe { store.trapped(fault, reason.to_string()) };
                self.notify_of(Moment::Trap, |store| Some(event(store)));
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
            (Pending::Yield, ..) => Err(Error::internal("a call was to be suspended")),
            (Pending::Error(mut error), Ok(backtrace), _) => {
                match &mut error {
                    Error::Custom(custom) => custom.crossed(backtrace),
                    // One of the store's own, that nobody has told where it was.
                    Error::Trap(trap) if trap.backtrace.entries.is_empty() => {
                        trap.backtrace = backtrace;
                    }
                    _ => {}
                }
                Err(error)
            }
        }
    }

    /// The values that arrived with a switch to the host.
    ///
    /// # Safety
    /// They are of these kinds.
    pub(crate) unsafe fn arrived(&mut self, kinds: &[ValueKind], payload: u64) -> Vec<Val> {
        let mut values = Vec::with_capacity(kinds.len());
        for (index, &kind) in kinds.iter().enumerate() {
            // SAFETY: by contract.
            values.push(unsafe { self.arrived_one(index, kind, payload) });
        }
        values
    }

    /// One of the values that arrived, with what came in the payload register.
    ///
    /// # Safety
    /// It is of this kind.
    pub(crate) unsafe fn arrived_one(
        &mut self,
        index: usize,
        kind: ValueKind,
        payload: u64,
    ) -> Val {
        let in_register = index == 0 && kind.repr().in_payload_register();
        // SAFETY: by contract.
        unsafe {
            match in_register {
                true => self.lift(TransferSlot::from_u64(payload), kind),
                false => self.arrived_at(index, kind),
            }
        }
    }

    /// Takes the activation down, however it ended other than by returning.
    pub(crate) fn leave(&mut self, call: &Call) {
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
        let (activation, outer) = self.activations.pop().expect("a call is under way");
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
