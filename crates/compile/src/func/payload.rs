//! What travels over a switch, and the switch itself.
//!
//! Value 0 of a list travels in a register where it fits one, the others in
//! the transfer area, each in the slot of its index. Writing and reading them
//! stands right beside the switch: no safepoint comes in between.

use super::FuncTranslator;
use crate::output::Callee;
use crate::signature::{clif_type, in_payload_register, switch_signature};
use cranelift_codegen::ir::{BlockArg, InstBuilder, MemFlagsData, Value, types};
use cranelift_frontend::FunctionBuilder;
use mangrove_abi::StoreContext;
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
            if index == 0 && in_payload_register(reprs[0]) {
                payload = Some(to_word(&mut this.b, value, reprs[0]));
            } else {
                this.transfer_store(store, index, value);
            }
        });
        match payload {
            Some(payload) => payload,
            None => self.word(0),
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
            let value = if index == 0 && in_payload_register(repr) {
                from_word(&mut self.b, arrival.payload, repr)
            } else {
                let store = *store.get_or_insert_with(|| self.store_context());
                self.transfer_load(store, index, repr)
            };
            self.declare_root(value, repr);
            each(self, value);
        }
    }

    /// Reads the running record. Where nobody uses it the load goes away.
    pub(super) fn declare_running(&mut self) {
        if self.env.switches && self.frame.is_none() {
            let variable = self.b.declare_var(I64);
            let store = self.store_context();
            let own = self.context_load(store, offset_of!(StoreContext, current));
            self.b.def_var(variable, own);
            self.own = Some(variable);
        }
    }

    /// The record of the stack this function runs on. It is the same for the
    /// whole activation: read from the store once, at the function's entry, and
    /// handed over by every switch, so that in a loop of switches it stays in a
    /// register. Without variables it is read again: it is the running one.
    pub(super) fn running_record(&mut self) -> Value {
        if let Some(variable) = self.own {
            return self.b.use_var(variable);
        }
        let store = self.store_context();
        self.context_load(store, offset_of!(StoreContext, current))
    }

    /// Leaves this stack: `[own, target, reason, payload]`. A `try_call` keeps no
    /// register, so the stub saves none; inside a `try_table` its clauses are
    /// where an exception lands that leaves a child, or that `resume_throw`
    /// throws here.
    pub(super) fn switch(&mut self, operands: [Value; 4]) -> Arrival {
        let stub = self.callee(Callee::Switch, switch_signature);
        let signature = self.b.func.dfg.ext_funcs[stub].signature;
        let back = self.b.create_block();
        let [payload, reason, own, from] = [(); 4].map(|()| self.b.append_block_param(back, I64));
        // Results: unspecified, payload, reason, own, from.
        let results = [1, 2, 3, 4].map(BlockArg::TryCallRet);
        let table = self.exception_table(signature, back, results.to_vec());
        self.note_call();
        self.b.ins().try_call(stub, &operands, table);
        self.b.seal_block(back);
        self.b.switch_to_block(back);
        if let Some(variable) = self.own {
            self.b.def_var(variable, own);
        }
        Arrival {
            payload,
            reason,
            from,
        }
    }
}

/// A value as a payload word.
pub fn to_word(b: &mut FunctionBuilder<'_>, value: Value, repr: Repr) -> Value {
    match repr {
        Repr::I64 | Repr::FuncRef => value,
        Repr::I32 | Repr::HeapRef => b.ins().uextend(I64, value),
        Repr::F32 => {
            let bits = b.ins().bitcast(I32, MemFlagsData::new(), value);
            b.ins().uextend(I64, bits)
        }
        Repr::F64 => b.ins().bitcast(I64, MemFlagsData::new(), value),
        Repr::V128 | Repr::ContRef => unreachable!("does not travel in the payload register"),
    }
}

/// A payload word as a value.
pub fn from_word(b: &mut FunctionBuilder<'_>, word: Value, repr: Repr) -> Value {
    match repr {
        Repr::I64 | Repr::FuncRef => word,
        Repr::I32 | Repr::HeapRef => b.ins().ireduce(I32, word),
        Repr::F32 => {
            let bits = b.ins().ireduce(I32, word);
            b.ins().bitcast(clif_type(repr), MemFlagsData::new(), bits)
        }
        Repr::F64 => b.ins().bitcast(clif_type(repr), MemFlagsData::new(), word),
        Repr::V128 | Repr::ContRef => unreachable!("does not travel in the payload register"),
    }
}
