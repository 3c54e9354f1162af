//! The switch, and what every instruction that leaves a stack shares: the running
//! record, the reference that is used up, what travels.
//!
//! ```text
//!  consume      the reference's revision is the record's? the record's goes up by one
//!  send         value 0 in the payload register if it fits, the others in the transfer
//!               slots of their indices; a record that is clean or has bound arguments:
//!               ask the runtime to make it ready
//!  switch       try_call switch(running, target, reason, payload), a near call that the
//!               linker makes a jump; the clauses of a try_table around it are its own
//!  ◀─ Arrival   payload, reason, from; the running record comes back in a register
//!  receive      the values, from where send puts them
//! ```
//!
//! Writing and reading what travels stands right beside the switch: no safepoint
//! comes in between, and no fault: a function that switches touches the lowest word
//! of its stack at its start ([`crate::touch`]).
//!
//! Next on the road of a `resume`: `crates/compile/src/link.rs`.

use super::regions::{from_word, plain, to_word, trapping};
use super::state::block_args;
use super::translator::FuncTranslator;
use crate::arch::EXCEPTION_RESULT;
use crate::function::Callee;
use crate::signature::switch_signature;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    self, Block, BlockArg, BlockCall, ExceptionTableData, ExceptionTableItem, InstBuilder, Value,
    types,
};
use mangrove_abi::{ContRecord, Defect, Libcall, StoreContext, TrapCode};
use mangrove_validate::Repr;
use std::mem::offset_of;
use types::{I32, I64};

/// What arrives when a switch comes back.
pub struct Arrival {
    /// Value 0, if it fits a register.
    pub payload: Value,
    /// Why: see [`mangrove_abi::reason`].
    pub reason: Value,
    /// The record that was left.
    pub from: Value,
}

impl FuncTranslator<'_, '_> {
    /// Puts the top operands on their way, and leaves them: the payload register's
    /// word.
    pub(super) fn send(&mut self, reprs: &[Repr]) -> Value {
        let store = self.store_context();
        let mut payload = None;
        self.peek_each(reprs.len(), |this, index, value| {
            if index == 0 && reprs[0].in_payload_register() {
                payload = Some(to_word(&mut this.b, value, reprs[0]));
            } else {
                this.transfer_store(store, index, value);
            }
        });
        match payload {
            Some(payload) => payload,
            None => self.const_word(0),
        }
    }

    /// Takes values that arrived, one by one.
    pub(super) fn receive(
        &mut self,
        arrival: &Arrival,
        reprs: &[Repr],
        mut each: impl FnMut(&mut Self, Value),
    ) {
        let mut store = None;
        for (index, &repr) in reprs.iter().enumerate() {
            let value = if index == 0 && repr.in_payload_register() {
                from_word(&mut self.b, arrival.payload, repr)
            } else {
                let store = *store.get_or_insert_with(|| self.store_context());
                self.transfer_load(store, index, repr)
            };
            if !self.has(Defect::MapWithoutPayload) {
                self.declare_root(value, repr);
            }
            each(self, value);
        }
    }

    /// Reads the running record, in a function that leaves its stack.
    pub(super) fn declare_running(&mut self, switches: bool) {
        if switches && self.homes.is_none() {
            self.running = Some(self.b.declare_var(I64));
            self.read_running();
        }
    }

    /// Reads the running record again: after a call, and where an exception is caught.
    ///
    /// A frame that waits for a call may have been copied meanwhile, and go on in a clone
    /// of its continuation: so none keeps the address of its record over a call. Nothing is
    /// lost by it: no register stays over a call either.
    pub(super) fn read_running(&mut self) {
        if let Some(variable) = self.running {
            let store = self.store_context();
            let running = self.context_load(store, offset_of!(StoreContext, current));
            self.b.def_var(variable, running);
        }
    }

    /// The record of the stack this function runs on: read from the store at the function's
    /// entry and after each call, and handed over by every switch, so that in a loop of
    /// switches it stays in a register. Without variables it is read again: it is the
    /// running one.
    pub(super) fn running_record(&mut self) -> Value {
        if let Some(variable) = self.running {
            return self.b.use_var(variable);
        }
        let store = self.store_context();
        self.context_load(store, offset_of!(StoreContext, current))
    }

    /// Leaves this stack: `[running, target, reason, payload]`. A `try_call` keeps no
    /// register, so the stub saves none; inside a `try_table` its clauses are
    /// where an exception arrives that leaves a child, or that `resume_throw`
    /// throws here.
    pub(super) fn switch(&mut self, operands: [Value; 4]) -> Arrival {
        self.no_overflow();
        let stub = self.callee(Callee::Switch, switch_signature);
        let signature = self.b.func.dfg.ext_funcs[stub].signature;
        let back = self.b.create_block();
        let [payload, reason, running, from] =
            [(); 4].map(|()| self.b.append_block_param(back, I64));
        // Results: unspecified, payload, reason, running, from.
        let results = [1, 2, 3, 4].map(BlockArg::TryCallRet);
        let table = self.exception_table(signature, back, results.to_vec());
        self.note_call();
        self.b.ins().try_call(stub, &operands, table);
        self.b.seal_block(back);
        self.b.switch_to_block(back);
        if let Some(variable) = self.running {
            self.b.def_var(variable, running);
        }
        self.load_fuel();
        Arrival {
            payload,
            reason,
            from,
        }
    }

    /// The table of a `try_call`: where it returns, and the scope around it.
    pub(super) fn exception_table(
        &mut self,
        signature: ir::SigRef,
        back: Block,
        returned: Vec<BlockArg>,
    ) -> ir::ExceptionTable {
        let instance = self.instance();
        let pool = &mut self.b.func.dfg.value_lists;
        let normal = BlockCall::new(back, returned, pool);
        let mut items = Vec::new();
        if let Some(scope) = self.scopes.last() {
            items.push(ExceptionTableItem::Context(instance));
            let caught = BlockCall::new(
                scope.catch_block,
                [BlockArg::TryCallExn(EXCEPTION_RESULT)],
                pool,
            );
            // Cranelift hands the number through: `sites` finds it beside the call.
            let number = ir::ExceptionTag::from_u32(scope.number);
            items.push(ExceptionTableItem::Tag(number, caught));
        }
        let table = ExceptionTableData::new(signature, normal, items);
        self.b.func.dfg.exception_tables.push(table)
    }

    /// Takes the record out of a reference and marks the reference used.
    pub(super) fn consume(&mut self, reference: Value) -> Value {
        let (record, revision) = self.unconsumed(reference);
        self.mark_consumed(record, revision);
        record
    }

    /// The record and the revision of a reference that can be used, or a trap.
    pub(super) fn unconsumed(&mut self, reference: Value) -> (Value, Value) {
        let (record, expected) = self.b.ins().isplit(reference);
        let flags = trapping(self.regions.context, TrapCode::NullContinuation);
        let offset = offset_of!(ContRecord, revision) as i32;
        let revision = self.b.ins().load(I64, flags, record, offset);
        let stale = self.b.ins().icmp(IntCC::NotEqual, revision, expected);
        self.trap_if(stale, TrapCode::ContinuationConsumed);
        (record, revision)
    }

    /// Makes references of this revision stale.
    pub(super) fn mark_consumed(&mut self, record: Value, revision: Value) {
        if self.has(Defect::KeepRevision) {
            return;
        }
        let one = self.const_word(1);
        let next = self.b.ins().iadd(revision, one);
        self.context_store(next, record, offset_of!(ContRecord, revision));
    }

    /// [`Self::send`] to a continuation, behind the arguments it has bound, and wakes it.
    pub(super) fn send_to(&mut self, record: Value, reprs: &[Repr]) -> Value {
        let payload = self.send(reprs);
        self.if_unready(
            record,
            |this| this.make_ready(record, payload, reprs),
            |_| payload,
        )
    }

    /// Two ways to a payload: for a continuation that is clean or has bound arguments,
    /// which is rare, and for one that can run as it is.
    pub(super) fn if_unready(
        &mut self,
        record: Value,
        unready: impl FnOnce(&mut Self) -> Value,
        ready: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let flags = plain(self.regions.context);
        let offset = offset_of!(ContRecord, unready) as i32;
        let state = self.b.ins().load(I32, flags, record, offset);
        let [rare, usual, done] = [(); 3].map(|()| self.b.create_block());
        let result = self.b.append_block_param(done, I64);
        self.b.set_cold_block(rare);
        self.b.ins().brif(state, rare, &[], usual, &[]);
        self.b.seal_block(rare);
        self.b.seal_block(usual);

        self.b.switch_to_block(rare);
        let payload = unready(self);
        self.b.ins().jump(done, &block_args(&[payload]));
        self.b.switch_to_block(usual);
        let payload = ready(self);
        self.b.ins().jump(done, &block_args(&[payload]));
        self.b.seal_block(done);
        self.b.switch_to_block(done);
        result
    }

    /// Wakes a continuation, and puts the arguments it has bound in front of those on
    /// their way, of which the first is `payload`. Returns the new payload.
    pub(super) fn make_ready(&mut self, record: Value, payload: Value, reprs: &[Repr]) -> Value {
        if reprs.first().is_some_and(|repr| repr.in_payload_register()) {
            let store = self.store_context();
            self.transfer_store(store, 0, payload);
        }
        let count = self.const_word(reprs.len() as u64);
        self.libcall(Libcall::ContReady, &[record, count])
    }

    /// Promises that from here to the end of the instruction nothing hits the
    /// guard of the stack, but calls of Wasm functions.
    pub(super) fn no_overflow(&mut self) {
        self.touches = !self.has(Defect::Untouched);
    }
}
