//! `cont.new`, `resume`, `suspend`.
//!
//! ```text
//!  resume k                                 suspend tag
//!    revision of k? bump it                   find the handler: target, word, outermost
//!    k.last.parent = own                      own.last = outermost; outermost.parent = null
//!    own.handlers = this site's table         current = target
//!    current = k                              switch(own, target, word, payload)
//!    switch(own, k, 0, payload)               ◀─ resumed: payload
//!    ◀─ word 0: k returned; word i + 1: clause i has the suspension of `from`
//! ```
//!
//! A switch is a `try_call`: it keeps no register, so the stub saves none, and
//! the frontend puts its stack map there like at any other call. Value 0 of a
//! payload travels in a register, the others in the transfer area.

use super::access::trapping;
use super::control::block_args;
use super::{FuncTranslator, Known};
use crate::output::Callee;
use crate::prescan;
use crate::signature::{clif_type, in_payload_register, switch_signature};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    BlockArg, BlockCall, ExceptionTableData, InstBuilder, JumpTableData, MemFlagsData, Value, types,
};
use mangrove_abi::libcall::hook;
use mangrove_abi::record::{FRESH_WORDS, word};
use mangrove_abi::{ContRecord, FuncRef, Libcall, RecordState, StoreContext, TrapCode};
use mangrove_validate::Repr;
use std::mem::offset_of;
use types::{I32, I64};
use wasmparser::{Handle, Operator, ResumeTable};

/// What arrives when a switch comes back.
struct Arrival {
    payload: Value,
    word: Value,
    from: Value,
}

impl FuncTranslator<'_, '_> {
    pub(super) fn continuation(&mut self, operator: &Operator<'_>) -> Known {
        match operator {
            Operator::ContNew { cont_type_index: _ } => self.cont_new(),
            Operator::Resume {
                cont_type_index,
                resume_table,
            } => {
                self.resume(*cont_type_index, resume_table);
            }
            Operator::Suspend { tag_index } => self.suspend(*tag_index),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Makes a continuation on a record of the free list.
    fn cont_new(&mut self) {
        let func = self.pop();
        // First, so that a null function takes no record.
        let flags = trapping(self.regions.context, TrapCode::NullFunction);
        let entry = self
            .b
            .ins()
            .load(I64, flags, func, offset_of!(FuncRef, entry) as i32);
        let record = self.take_record();
        let store = self.store_context();
        let top = self.context_load(record, offset_of!(ContRecord, stack_top));
        let below = self.word(FRESH_WORDS * 8);
        let sp = self.b.ins().isub(top, below);
        // The word above, the trampoline's return address, is zero for good.
        self.context_store(entry, sp, 0);
        let zero = self.word(0);
        self.context_store(sp, record, offset_of!(ContRecord, sp));
        self.context_store(zero, record, offset_of!(ContRecord, fp));
        self.context_store(func, record, offset_of!(ContRecord, func));
        self.context_store(record, record, offset_of!(ContRecord, last));
        self.context_store(zero, record, offset_of!(ContRecord, parent));
        self.context_store(self.instance, record, offset_of!(ContRecord, creator));
        let place = self.word(self.offset as u64);
        self.context_store(place, record, offset_of!(ContRecord, created_at));
        let live = self.b.ins().iconst(I32, RecordState::Live as i64);
        self.context_store(live, record, offset_of!(ContRecord, state));
        self.count(store, offset_of!(StoreContext, created));
        let revision = self.context_load(record, offset_of!(ContRecord, revision));
        let reference = self.b.ins().iconcat(record, revision);
        self.push(reference, Repr::ContRef);
    }

    /// Adds one to a counter of the store.
    fn count(&mut self, store: Value, counter: usize) {
        let one = self.word(1);
        let old = self.context_load(store, counter);
        let new = self.b.ins().iadd(old, one);
        self.context_store(new, store, counter);
    }

    /// A record with a stack, off the free list or from the runtime.
    fn take_record(&mut self) -> Value {
        let store = self.store_context();
        let free = self.context_load(store, offset_of!(StoreContext, free_records));
        let pop = self.b.create_block();
        let ask = self.b.create_block();
        let done = self.b.create_block();
        let record = self.b.append_block_param(done, I64);
        self.b.set_cold_block(ask);
        self.b.ins().brif(free, pop, &[], ask, &[]);
        self.b.seal_block(pop);
        self.b.seal_block(ask);

        self.b.switch_to_block(pop);
        let next = self.context_load(free, offset_of!(ContRecord, next_free));
        self.context_store(next, store, offset_of!(StoreContext, free_records));
        self.b.ins().jump(done, &block_args(&[free]));

        self.b.switch_to_block(ask);
        let made = self.libcall(Libcall::ContAlloc, &[]);
        self.b.ins().jump(done, &block_args(&[made]));

        self.b.seal_block(done);
        self.b.switch_to_block(done);
        record
    }

    fn resume(&mut self, cont_type: u32, table: &ResumeTable) {
        let signature = self.env.signature(self.env.cont_function(cont_type));
        if self.hooks.switches {
            self.hook(hook::RESUME);
        }
        let reference = self.pop();
        let arguments = self.pop_n(signature.params.len());
        let record = self.consume(reference);

        let store = self.store_context();
        let own = self.context_load(store, offset_of!(StoreContext, current));
        let last = self.context_load(record, offset_of!(ContRecord, last));
        self.context_store(own, last, offset_of!(ContRecord, parent));
        let clauses = prescan::clauses(table);
        let handlers = match self.env.handler_table(&clauses) {
            Some(offset) => {
                let offset = self.word(offset as u64);
                self.b.ins().iadd(self.instance, offset)
            }
            None => {
                let offset = self.word(offset_of!(StoreContext, no_handlers) as u64);
                self.b.ins().iadd(store, offset)
            }
        };
        self.context_store(handlers, own, offset_of!(ContRecord, handlers));
        self.context_store(record, store, offset_of!(StoreContext, current));
        let payload = self.send(&arguments, &signature.params);
        let nothing = self.word(0);
        let arrival = self.switch([own, record, nothing, payload]);
        self.dispatch(&arrival, table);
        let results = self.receive(&arrival, &signature.results);
        self.push_all(&results, &signature.results);
    }

    /// Takes the record out of a reference and marks the reference used.
    fn consume(&mut self, reference: Value) -> Value {
        let (record, expected) = self.b.ins().isplit(reference);
        let flags = trapping(self.regions.context, TrapCode::NullContinuation);
        let offset = offset_of!(ContRecord, revision) as i32;
        let revision = self.b.ins().load(I64, flags, record, offset);
        let stale = self.b.ins().icmp(IntCC::NotEqual, revision, expected);
        self.trap_if(stale, TrapCode::ContinuationConsumed);
        let one = self.word(1);
        let next = self.b.ins().iadd(revision, one);
        self.context_store(next, record, offset as usize);
        record
    }

    /// After a `resume`: branches to the clause that has the suspension, or
    /// goes on where the continuation returned.
    fn dispatch(&mut self, arrival: &Arrival, table: &ResumeTable) {
        let labels: Vec<Option<(u32, u32)>> = table
            .handlers
            .iter()
            .map(|handle| match *handle {
                Handle::OnLabel { tag, label } => Some((tag, label)),
                // Never arrives here as a suspension.
                Handle::OnSwitch { .. } => None,
            })
            .collect();
        if labels.is_empty() {
            return;
        }
        let returned = self.b.create_block();
        let clauses: Vec<_> = labels.iter().map(|_| self.b.create_block()).collect();
        if let [clause] = clauses[..] {
            self.b.ins().brif(arrival.word, clause, &[], returned, &[]);
        } else {
            let pool = &mut self.b.func.dfg.value_lists;
            let mut call = |block| BlockCall::new(block, std::iter::empty::<BlockArg>(), pool);
            let mut targets = vec![call(returned)];
            targets.extend(clauses.iter().map(|&clause| call(clause)));
            let data = JumpTableData::new(targets[0], &targets);
            let table = self.b.create_jump_table(data);
            let index = self.b.ins().ireduce(I32, arrival.word);
            self.b.ins().br_table(index, table);
        }
        debug_assert_eq!((word::RETURNED, word::HANDLED), (0, 1));
        for (clause, label) in clauses.into_iter().zip(labels) {
            self.b.switch_to_block(clause);
            self.b.seal_block(clause);
            match label {
                Some((tag, label)) => self.take_suspension(arrival, tag, label),
                None => {
                    self.b
                        .ins()
                        .trap(super::access::trap(TrapCode::Unreachable));
                }
            }
        }
        self.b.seal_block(returned);
        self.b.switch_to_block(returned);
    }

    /// One clause: the tag's payload and the suspended continuation go to its label.
    fn take_suspension(&mut self, arrival: &Arrival, tag: u32, label: u32) {
        let params = self
            .env
            .signature(self.env.module.tags[tag as usize])
            .params;
        let mut values = self.receive(arrival, &params);
        let revision = self.context_load(arrival.from, offset_of!(ContRecord, revision));
        let reference = self.b.ins().iconcat(arrival.from, revision);
        self.declare_root(reference, Repr::ContRef);
        values.push(reference);
        let (target, count) = self.label(label);
        debug_assert_eq!(count, values.len());
        self.b.ins().jump(target, &block_args(&values));
    }

    fn suspend(&mut self, tag: u32) {
        let signature = self.env.signature(self.env.module.tags[tag as usize]);
        if self.hooks.switches {
            self.hook(hook::SUSPEND);
        }
        let arguments = self.pop_n(signature.params.len());
        let tag = self.instance_word(self.env.layout.tag(tag));
        let store = self.store_context();
        let own = self.context_load(store, offset_of!(StoreContext, current));
        let found = self.find_handler(own, tag);

        self.context_store(found.outermost, own, offset_of!(ContRecord, last));
        let nobody = self.word(0);
        self.context_store(nobody, found.outermost, offset_of!(ContRecord, parent));
        let store = self.store_context();
        self.context_store(found.target, store, offset_of!(StoreContext, current));
        let payload = self.send(&arguments, &signature.params);
        let arrival = self.switch([own, found.target, found.word, payload]);
        let results = self.receive(&arrival, &signature.results);
        self.push_all(&results, &signature.results);
    }

    /// Puts values on their way over a switch: the payload register's word.
    fn send(&mut self, values: &[Value], reprs: &[Repr]) -> Value {
        let store = self.store_context();
        let mut payload = None;
        for (index, (&value, &repr)) in values.iter().zip(reprs).enumerate() {
            if index == 0 && in_payload_register(repr) {
                payload = Some(to_word(&mut self.b, value, repr));
            } else {
                self.transfer_store(store, index, value);
            }
        }
        match payload {
            Some(payload) => payload,
            None => self.word(0),
        }
    }

    /// Takes values that came over a switch.
    fn receive(&mut self, arrival: &Arrival, reprs: &[Repr]) -> Vec<Value> {
        let mut values = Vec::with_capacity(reprs.len());
        for (index, &repr) in reprs.iter().enumerate() {
            let value = if index == 0 && in_payload_register(repr) {
                from_word(&mut self.b, arrival.payload, repr)
            } else {
                let store = self.store_context();
                self.transfer_load(store, index, repr)
            };
            self.declare_root(value, repr);
            values.push(value);
        }
        values
    }

    /// Leaves this stack: `[own, target, word, payload]`.
    fn switch(&mut self, operands: [Value; 4]) -> Arrival {
        let stub = self.callee(Callee::Switch, switch_signature);
        let signature = self.b.func.dfg.ext_funcs[stub].signature;
        let back = self.b.create_block();
        let [payload, word, from] = [(); 3].map(|()| self.b.append_block_param(back, I64));
        // Results: unspecified, payload, word, own, from.
        let results = [1, 2, 4].map(BlockArg::TryCallRet);
        let pool = &mut self.b.func.dfg.value_lists;
        let normal = BlockCall::new(back, results, pool);
        let table = ExceptionTableData::new(signature, normal, []);
        let table = self.b.func.dfg.exception_tables.push(table);
        self.b.ins().try_call(stub, &operands, table);
        self.b.seal_block(back);
        self.b.switch_to_block(back);
        Arrival {
            payload,
            word,
            from,
        }
    }
}

/// A value as a payload word.
pub fn to_word(b: &mut cranelift_frontend::FunctionBuilder<'_>, value: Value, repr: Repr) -> Value {
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
pub fn from_word(
    b: &mut cranelift_frontend::FunctionBuilder<'_>,
    word: Value,
    repr: Repr,
) -> Value {
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
