//! `cont.new` and `cont.bind`, and what all consumers of a continuation share.
//!
//! The switching instructions are next door: `resume` and `resume_throw` in
//! `resume`, `suspend` and `switch` in `suspend`, what travels in `payload`.

use super::access::trapping;
use super::control::block_args;
use super::{FuncTranslator, Known};
use crate::signature::in_payload_register;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use mangrove_abi::record::FRESH_WORDS;
use mangrove_abi::{ContRecord, FuncRef, Libcall, RecordState, StoreContext, TrapCode};
use mangrove_validate::Repr;
use std::mem::offset_of;
use types::{I32, I64};
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(super) fn continuation(&mut self, operator: &Operator<'_>) -> Known {
        match operator {
            Operator::ContNew { .. } => self.cont_new(),
            Operator::ContBind {
                argument_index,
                result_index,
            } => {
                self.cont_bind(*argument_index, *result_index);
            }
            Operator::Resume {
                cont_type_index,
                resume_table,
            } => {
                self.resume(*cont_type_index, resume_table);
            }
            Operator::ResumeThrow {
                cont_type_index,
                tag_index,
                resume_table,
            } => {
                self.resume_throw(*cont_type_index, Some(*tag_index), resume_table);
            }
            Operator::ResumeThrowRef {
                cont_type_index,
                resume_table,
            } => {
                self.resume_throw(*cont_type_index, None, resume_table);
            }
            Operator::Suspend { tag_index } => self.suspend(*tag_index),
            Operator::Switch {
                cont_type_index,
                tag_index,
            } => {
                self.switch_to(*cont_type_index, *tag_index);
            }
            _ => return Ok(false),
        }
        // Each of them changes records.
        self.no_overflow();
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
        self.context_store(record, record, offset_of!(ContRecord, outermost));
        self.context_store(zero, record, offset_of!(ContRecord, parent));
        let instance = self.instance();
        self.context_store(instance, record, offset_of!(ContRecord, creator));
        let place = self.b.ins().iconst(I32, i64::from(self.offset as u32));
        self.context_store(place, record, offset_of!(ContRecord, created_at));
        // The half above is `mark`: no collection has found it yet.
        let live = self.word(RecordState::Live as u64);
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
        if self.hooks.switches {
            // Whoever watches switches may want to choose the stack.
            return self.libcall(Libcall::ContAlloc, &[]);
        }
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

    /// `cont.bind`: the arguments go to the record, the reference is replaced.
    fn cont_bind(&mut self, from: u32, to: u32) {
        let before = self.env.signature(self.env.cont_function(from)).params;
        let after = self.env.signature(self.env.cont_function(to)).params;
        let count = before.len() - after.len();
        let reference = self.pop();
        let record = self.consume(reference);
        if count > 0 {
            let store = self.store_context();
            self.take_each(count, |this, index, argument| {
                this.transfer_store(store, index, argument);
            });
            let (ty, count) = (self.word(u64::from(from)), self.word(count as u64));
            self.libcall(Libcall::ContBind, &[record, ty, count]);
        }
        let revision = self.context_load(record, offset_of!(ContRecord, revision));
        let reference = self.b.ins().iconcat(record, revision);
        self.push(reference, Repr::ContRef);
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
        let one = self.word(1);
        let next = self.b.ins().iadd(revision, one);
        self.context_store(next, record, offset_of!(ContRecord, revision));
    }

    /// [`Self::send`] to a continuation, behind the arguments it has bound.
    pub(super) fn send_to(&mut self, record: Value, reprs: &[Repr]) -> Value {
        let payload = self.send(reprs);
        self.if_bound(
            record,
            |this| this.unbind(record, payload, reprs),
            |_| payload,
        )
    }

    /// Two ways to a payload: for a continuation that has bound arguments, which
    /// is rare, and for one that has none.
    pub(super) fn if_bound(
        &mut self,
        record: Value,
        bound: impl FnOnce(&mut Self) -> Value,
        unbound: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let flags = super::access::plain(self.regions.context);
        let offset = offset_of!(ContRecord, bound_count) as i32;
        let count = self.b.ins().load(I32, flags, record, offset);
        let [some, none, done] = [(); 3].map(|()| self.b.create_block());
        let result = self.b.append_block_param(done, I64);
        self.b.set_cold_block(some);
        self.b.ins().brif(count, some, &[], none, &[]);
        self.b.seal_block(some);
        self.b.seal_block(none);

        self.b.switch_to_block(some);
        let payload = bound(self);
        self.b.ins().jump(done, &block_args(&[payload]));
        self.b.switch_to_block(none);
        let payload = unbound(self);
        self.b.ins().jump(done, &block_args(&[payload]));
        self.b.seal_block(done);
        self.b.switch_to_block(done);
        result
    }

    /// Puts the arguments a continuation has bound in front of those on their
    /// way, of which the first is `payload`. Returns the new payload.
    pub(super) fn unbind(&mut self, record: Value, payload: Value, reprs: &[Repr]) -> Value {
        if reprs.first().is_some_and(|&repr| in_payload_register(repr)) {
            let store = self.store_context();
            self.transfer_store(store, 0, payload);
        }
        let count = self.word(reprs.len() as u64);
        self.libcall(Libcall::ContUnbind, &[record, count])
    }
}
