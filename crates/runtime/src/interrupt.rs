//! Interruption, as the host sees it: deadlines and fuel are set, and what was interrupted
//! is handed over.
//!
//! ```text
//!  compiled code ── call_host(Interrupt) ──▶ libcalls/interrupt: LEAVE, Pending::Yield
//!                                               └─▶ resume ─▶ interrupted
//!
//!  host record ◀─parent─ C ◀─parent─ D     D is current, and stopped at that call
//!              ╳                           the host gets (D, revision of D), D.outermost = C
//! ```
//!
//! Nothing is half done where code looks for its deadline, and what is in registers is saved on
//! its stack: whoever switches to D later goes on behind the call.

use crate::activation::Call;
use crate::error::Error;
use crate::handle::ContHandle;
use crate::interruption::{Callback, Fuel};
use crate::outcome::{Outcome, reference_to};
use crate::pending::Pending;
use crate::signature::Signature;
use crate::store::StoreInner;
use crate::trap::TrapReason;
use mangrove_abi::ContRef;
use mangrove_stack::arch::Fault;
use mangrove_stack::frames;
use mangrove_validate::fuel::unsettled;
use mangrove_validate::{FuncType, RefType};
use std::sync::atomic::Ordering;

impl StoreInner {
    /// The engine's epoch.
    pub(crate) fn epoch(&self) -> u64 {
        self.engine.epoch().load(Ordering::Relaxed)
    }

    /// Sets the deadline: so many epochs from now.
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        let deadline = self.epoch().saturating_add(ticks);
        self.interruption.deadline = deadline;
        if !self.engine.settings().zeal.interrupt {
            self.context().epoch_deadline = deadline;
        }
    }

    /// Sets who is asked at the deadline.
    ///
    /// # Safety
    /// The callback was made for stores with data of the type that this store's has.
    pub unsafe fn at_deadline(&mut self, callback: Option<Callback>) {
        self.interruption.at_deadline = callback;
    }

    /// Sets who is asked after so many units of fuel, and when there is none.
    ///
    /// # Errors
    /// The engine's code does not count.
    ///
    /// # Safety
    /// As for [`StoreInner::at_deadline`].
    pub unsafe fn at_fuel(&mut self, callback: Option<(u64, Callback)>) -> Result<(), Error> {
        self.check_fuel()?;
        let (units, callback) = callback.unzip();
        self.interruption.at_fuel = callback;
        self.with_fuel(|fuel, word| fuel.ask_after(word, units.unwrap_or(u64::MAX)));
        Ok(())
    }

    /// Sets what there is of fuel.
    ///
    /// # Errors
    /// The engine's code does not count.
    pub fn set_fuel(&mut self, units: u64) -> Result<(), Error> {
        self.check_fuel()?;
        self.with_fuel(|fuel, word| fuel.set(word, units));
        Ok(())
    }

    /// What is left of it.
    ///
    /// # Errors
    /// The engine's code does not count.
    pub fn fuel(&self) -> Result<u64, Error> {
        self.check_fuel()?;
        // SAFETY: owned by this store, and no compiled code runs now.
        let word = unsafe { self.ctx.as_ref().fuel };
        Ok(self.interruption.fuel.left(word))
    }

    fn check_fuel(&self) -> Result<(), Error> {
        match self.engine.settings().consume_fuel {
            true => Ok(()),
            false => Err(Error::usage(
                "fuel is not counted in this engine: see Config::consume_fuel",
            )),
        }
    }

    /// The fuel, with the context's word of it.
    pub(crate) fn with_fuel<R>(&mut self, change: impl FnOnce(&mut Fuel, &mut i64) -> R) -> R {
        // SAFETY: owned by this store, and no compiled code runs now.
        let word = unsafe { &mut self.ctx.as_mut().fuel };
        change(&mut self.interruption.fuel, word)
    }

    /// Whether code may go on, as far as fuel goes.
    pub(crate) fn fuel_left_or_trap(&mut self) -> Result<(), Pending> {
        match self.with_fuel(|fuel, word| fuel.left(*word)) {
            0 => Err(TrapReason::OutOfFuel.into()),
            _ => Ok(()),
        }
    }

    /// Takes off what the function that was just stopped has used since it did so itself.
    ///
    /// # Safety
    /// The running record is stopped at a call, or was set back to its last one after
    /// this fault.
    pub(crate) unsafe fn charge_unsettled(&mut self, fault: Option<Fault>) {
        if !self.engine.settings().consume_fuel {
            return;
        }
        // SAFETY: by contract; the context is ours.
        let stopped = unsafe {
            let current = self.ctx.as_ref().current;
            match fault {
                Some(fault) => Some(fault.pc),
                None if current.is_null() => None,
                None => frames(current).next().map(|frame| frame.pc),
            }
        };
        let used = stopped.and_then(|pc| self.unsettled_at(pc, fault.is_some()));
        let used = i64::try_from(used.unwrap_or(0)).unwrap_or(i64::MAX);
        let word = &mut self.context().fuel;
        *word = word.saturating_sub(used);
    }

    /// Units used and not taken off at a pc: that of an instruction, or a return address.
    fn unsettled_at(&self, pc: u64, instruction: bool) -> Option<u64> {
        let (code, pc, module) = self.code.find(pc)?;
        let image = &code.image;
        let mut frames = match instruction {
            true => image.frames_at(pc),
            false => image.frames_of(image.sites.find(pc)?),
        };
        let (function, offset) = frames.next()?;
        let offset = offset?;
        let module = self.module(module)?.parsed();
        let defined = function.as_u32().checked_sub(module.imported_functions)?;
        let range = module.bodies.get(defined as usize)?.range.clone();
        let body = &module.bytes[range.clone()];
        unsettled(body, range.start, offset.as_u32() as usize).ok()
    }

    /// Why Wasm is left that is to be suspended: so, if the host has resumed it.
    pub(crate) fn yielding(&self) -> Pending {
        match self.activations.last() {
            // The host record of a resumption names the function it resumed.
            // SAFETY: the record of an activation that is not over.
            Some(activation) if !unsafe { (*activation.host).func }.is_null() => Pending::Yield,
            _ => TrapReason::InterruptInCall.into(),
        }
    }

    /// Whether Wasm was left to be suspended.
    pub(crate) fn take_yield(&mut self) -> bool {
        self.pending
            .take_if(|pending| matches!(pending, Pending::Yield))
            .is_some()
    }

    /// Hands the running chain of this resumption, of a function type with these results,
    /// to the host.
    ///
    /// # Safety
    /// It was just left, each of its records stopped at a call.
    pub(crate) unsafe fn interrupted(
        &mut self,
        call: &Call,
        resumed: &ContHandle,
        signature: &Signature,
    ) -> Result<Outcome, Error> {
        let ty = match self.type_of_rest(resumed, signature) {
            Ok(ty) => ty,
            // SAFETY: by contract.
            Err(error) => return unsafe { self.ended(call, Some(error.into())) },
        };
        let current = self.context().current;
        // SAFETY: the chain from `current` to the host record is this resumption's.
        if !unsafe { self.registry.cut_off(current, call.host) } {
            let error = Error::internal("a chain did not end at its host record");
            // SAFETY: by contract.
            return unsafe { self.ended(call, Some(error.into())) };
        }
        // SAFETY: it is stopped at a call, by contract.
        self.emit(|store| unsafe { store.cut_short() });
        // SAFETY: the record is the innermost of a chain that takes nothing.
        let rest = unsafe {
            let reference = ContRef {
                record: current,
                revision: (*current).revision,
            };
            self.cont_handle(reference, ty)
        };
        self.leave(call);
        Ok(Outcome::Interrupted(rest))
    }

    /// The type of what is left of a continuation that was interrupted.
    fn type_of_rest(
        &mut self,
        resumed: &ContHandle,
        signature: &Signature,
    ) -> Result<RefType, Error> {
        if signature.ty.params.is_empty() {
            return Ok(RefType {
                nullable: false,
                ..resumed.ty()
            });
        }
        let ty = self.types.func(&FuncType {
            params: Vec::new(),
            results: signature.ty.results.clone(),
        })?;
        Ok(reference_to(self.types.cont(ty)?))
    }
}
