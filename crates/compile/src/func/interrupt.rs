//! Interruption: where code looks whether its time is over, and how it counts fuel.
//!
//! ```text
//!  function entry, loop head, operation on many:
//!                                epoch ≥ deadline?  ──▶ Interrupt(EPOCH) ─┐   out of line
//!                                fuel ≤ 0?          ──▶ Interrupt(FUEL) ──┤
//!                                ◀────────────────────────────────────────┘
//! ```
//!
//! The call is a safepoint like any other, of a stub that keeps all registers for its caller, in
//! a frame of its own: so a loop that calls nothing else has its values in registers, and a
//! continuation that is stopped there can be left and resumed as if it had suspended.
//!
//! **Epochs.** Another thread raises the epoch, so its load must not be taken for one that
//! was made before. Each loop has a check at its head, and each check a call in it: no load
//! of memory outlives it, as far as Cranelift knows. An operation on many looks before it
//! begins, and between its pieces.
//!
//! **Fuel** is one word of the store's context, and in a variable inside of a function
//! (without variables, in homes, in the context alone):
//!
//! ```text
//!  variable   all but what the straight line of code since the last branch has used: that is a
//!             number while translating, and taken off before the next (`settle`)
//!  context    what the variable was when the last instruction came that might stop (`save`)
//! ```
//!
//! So a loop that computes writes nothing, and wherever something can be observed (a call, a
//! switch, a trap, an exception) the context has what is left, but for what the line itself
//! has used. After a trap the runtime adds that up from the body
//! (`mangrove_validate::fuel::unsettled`). Whatever comes back from elsewhere is followed by a
//! `load`. A function that counts touches its stack: a spill that hits the guard would be a
//! trap where nothing is saved.

use super::regions::{fixed, plain};
use super::state::block_args;
use super::translator::FuncTranslator;
use crate::Interruption;
use crate::function::Callee;
use crate::signature::interrupt_signature;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use cranelift_frontend::Variable;
use mangrove_abi::StoreContext;
use mangrove_abi::libcall::interrupt;
use mangrove_validate::fuel::{FUNCTION_COST, Metering, cost};
use std::mem::offset_of;
use types::I64;
use wasmparser::Operator;

/// What is known of the fuel at a place of the function.
#[derive(Default)]
pub struct FuelCount {
    /// What is left.
    left: Option<Variable>,
    /// Used since it was settled.
    used: u64,
    /// Whether the context has what the variable has.
    saved: bool,
}

impl FuncTranslator<'_, '_> {
    /// At a function's entry: reads what is left.
    pub(super) fn declare_fuel(&mut self) {
        if !self.interruption.fuel {
            return;
        }
        self.no_overflow();
        self.fuel.used = FUNCTION_COST;
        if self.homes.is_none() {
            let left = self.b.declare_var(I64);
            self.fuel.left = Some(left);
            self.load_fuel();
        }
    }

    /// The same at the entry of a function that is inlined.
    pub(super) fn enter_fuel(&mut self) {
        if self.interruption.fuel {
            self.fuel.used += FUNCTION_COST;
        }
    }

    /// Where ways meet of which one may have saved nothing.
    pub(super) fn fuel_not_saved(&mut self) {
        self.fuel.saved = false;
    }

    /// Counts an instruction, before it is translated.
    pub(super) fn before_operator(&mut self, operator: &Operator<'_>) {
        if self.interruption == Interruption::default() || !self.reachable {
            return;
        }
        let metering = Metering::of(operator);
        if metering == Metering::Bulk && self.interruption.epochs {
            self.check_epoch();
        }
        if !self.interruption.fuel {
            return;
        }
        self.fuel.used += cost(operator);
        if metering.settles() {
            self.settle_fuel();
        }
        match metering {
            Metering::Plain => {}
            // Where control joins, another way may have saved nothing.
            Metering::Branch => self.fuel.saved = false,
            Metering::MayStop | Metering::Leaves => self.save_fuel(),
            Metering::Bulk => self.charge_bulk(),
        }
    }

    /// Afterwards: where control has come back, or goes on behind what a branch needed.
    pub(super) fn after_operator(&mut self, operator: &Operator<'_>) {
        if !self.interruption.fuel {
            return;
        }
        use Operator::{Call, CallIndirect, CallRef};
        match operator {
            // Not behind one that never returns, or is never made.
            Call { .. } | CallIndirect { .. } | CallRef { .. } if self.reachable => {
                self.load_fuel();
            }
            _ if Metering::of(operator) == Metering::Branch => self.fuel.saved = false,
            _ => {}
        }
    }

    /// Takes off what was used.
    fn settle_fuel(&mut self) {
        let used = std::mem::take(&mut self.fuel.used);
        if used > 0 {
            let used = self.const_word(used);
            self.take_fuel(used);
        }
    }

    fn take_fuel(&mut self, used: Value) {
        let left = self.fuel_left();
        let left = self.b.ins().isub(left, used);
        match self.fuel.left {
            Some(variable) => {
                self.b.def_var(variable, left);
                self.fuel.saved = false;
            }
            None => self.store_fuel(left),
        }
    }

    /// An operation on as many as the last operand says: that is taken off before, and
    /// may be too much.
    fn charge_bulk(&mut self) {
        let count = self.top();
        let used = match self.b.func.dfg.value_type(count) {
            types::I32 => self.extend(count),
            _ => {
                // More than there can be, and no overflow.
                let most = self.const_word(1 << 62);
                self.b.ins().umin(count, most)
            }
        };
        self.take_fuel(used);
        self.check_fuel();
        self.save_fuel();
    }

    /// What is left, as far as it was settled.
    fn fuel_left(&mut self) -> Value {
        match self.fuel.left {
            Some(variable) => self.b.use_var(variable),
            None => {
                let store = self.store_context();
                self.context_load(store, offset_of!(StoreContext, fuel))
            }
        }
    }

    fn store_fuel(&mut self, left: Value) {
        let store = self.store_context();
        self.context_store(left, store, offset_of!(StoreContext, fuel));
    }

    /// Writes to the context what is left, unless it has that.
    pub(super) fn save_fuel(&mut self) {
        if let Some(variable) = self.fuel.left
            && !self.fuel.saved
        {
            let left = self.b.use_var(variable);
            self.store_fuel(left);
            self.fuel.saved = true;
        }
    }

    /// Reads from the context what is left: somebody else may have used some.
    pub(super) fn load_fuel(&mut self) {
        if let Some(variable) = self.fuel.left {
            let store = self.store_context();
            let left = self.context_load(store, offset_of!(StoreContext, fuel));
            self.b.def_var(variable, left);
            self.fuel.saved = true;
        }
    }

    /// Looks whether the time is over, at the entry of a function or the head of a loop.
    pub(super) fn check_interrupts(&mut self) {
        if self.interruption.epochs {
            self.check_epoch();
        }
        if self.interruption.fuel {
            self.check_fuel();
        }
    }

    /// An operation on `len` bytes or elements, from these positions on: `piece` does some
    /// of it, and gives how many are left. Code that looks at epochs does so between two of
    /// them ([`mangrove_abi::libcall::pieces`]); other code is done after the first.
    pub(super) fn in_pieces(
        &mut self,
        positions: &[Value],
        len: Value,
        copies: bool,
        mut piece: impl FnMut(&mut Self, &[Value], Value) -> Value,
    ) {
        if !self.interruption.epochs {
            piece(self, positions, len);
            return;
        }
        let [again, more, done] = [(); 3].map(|()| self.b.create_block());
        self.b.set_cold_block(more);
        let at: Vec<_> = positions
            .iter()
            .map(|_| self.b.append_block_param(again, I64))
            .collect();
        let count = self.b.append_block_param(again, I64);
        let first: Vec<_> = positions.iter().copied().chain([len]).collect();
        self.b.ins().jump(again, &block_args(&first));

        self.b.switch_to_block(again);
        let left = piece(self, &at, count);
        self.b.ins().brif(left, more, &[], done, &[]);
        self.b.seal_block(more);
        self.b.seal_block(done);

        self.b.switch_to_block(more);
        self.check_epoch();
        let mut did = self.b.ins().isub(count, left);
        if copies {
            // `pieces::from_the_end`: those that are left begin where all began.
            let from_the_end = IntCC::UnsignedGreaterThan;
            let from_the_end = self.b.ins().icmp(from_the_end, at[0], at[1]);
            let zero = self.const_word(0);
            did = self.b.ins().select(from_the_end, zero, did);
        }
        let mut next: Vec<_> = at.iter().map(|&at| self.b.ins().iadd(at, did)).collect();
        next.push(left);
        self.b.ins().jump(again, &block_args(&next));
        self.b.seal_block(again);
        self.b.switch_to_block(done);
    }

    fn check_epoch(&mut self) {
        let store = self.store_context();
        let cell = offset_of!(StoreContext, epoch) as i32;
        let cell = self.b.ins().load(I64, fixed(), store, cell);
        let flags = plain(self.regions.context);
        let now = self.b.ins().load(I64, flags, cell, 0);
        let deadline = self.context_load(store, offset_of!(StoreContext, epoch_deadline));
        let over = IntCC::UnsignedGreaterThanOrEqual;
        let over = self.b.ins().icmp(over, now, deadline);
        self.interrupt_if(over, interrupt::EPOCH);
    }

    fn check_fuel(&mut self) {
        let left = self.fuel_left();
        let zero = self.const_word(0);
        let over = self.b.ins().icmp(IntCC::SignedLessThanOrEqual, left, zero);
        self.interrupt_if(over, interrupt::FUEL);
    }

    /// Calls the runtime, out of line, if `over` is not zero.
    fn interrupt_if(&mut self, over: Value, why: u64) {
        let [interrupt, on] = [(); 2].map(|()| self.b.create_block());
        self.b.set_cold_block(interrupt);
        self.b.ins().brif(over, interrupt, &[], on, &[]);
        self.b.seal_block(interrupt);
        self.b.switch_to_block(interrupt);
        let saved = self.fuel.saved;
        self.save_fuel();
        let why = self.const_word(why);
        let stub = self.callee(Callee::Interrupt, interrupt_signature);
        let instance = self.instance();
        self.emit_call(stub, &[instance, why]);
        self.load_fuel();
        self.b.ins().jump(on, &[]);
        self.b.seal_block(on);
        self.b.switch_to_block(on);
        // Where nobody called it is as it was.
        self.fuel.saved = saved;
    }
}
