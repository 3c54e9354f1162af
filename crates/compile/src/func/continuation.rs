//! `cont.new` and `cont.bind`: continuations are made, and bound to arguments.

use super::regions::trapping;
use super::state::block_args;
use super::translator::FuncTranslator;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use mangrove_abi::libcall::hook;
use mangrove_abi::record::FRESH_WORDS;
use mangrove_abi::{ContRecord, FuncRef, Libcall, RecordState, StoreContext, TrapCode, TypeIndex};
use mangrove_validate::Repr;
use std::mem::offset_of;
use types::{I32, I64};

impl FuncTranslator<'_, '_> {
    /// Makes a continuation on a record of the free list.
    pub(super) fn cont_new(&mut self) {
        self.no_overflow();
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
        let below = self.const_word(FRESH_WORDS * 8);
        let sp = self.b.ins().isub(top, below);
        // The word above, the trampoline's return address, is zero for good.
        self.context_store(entry, sp, 0);
        let zero = self.const_word(0);
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
        let live = self.const_word(RecordState::Live as u64);
        self.context_store(live, record, offset_of!(ContRecord, state));
        self.count(store, offset_of!(StoreContext, created));
        let revision = self.context_load(record, offset_of!(ContRecord, revision));
        let reference = self.b.ins().iconcat(record, revision);
        self.push(reference, Repr::ContRef);
        if self.hooks.switches {
            self.hook_top(hook::NEW, None);
        }
    }

    /// Adds one to a counter of the store.
    fn count(&mut self, store: Value, counter: usize) {
        let one = self.const_word(1);
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
    pub(super) fn cont_bind(&mut self, from: TypeIndex, to: TypeIndex) {
        self.no_overflow();
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
            let (ty, count) = (
                self.const_word(u64::from(from.as_u32())),
                self.const_word(count as u64),
            );
            self.libcall(Libcall::ContBind, &[record, ty, count]);
        }
        let revision = self.context_load(record, offset_of!(ContRecord, revision));
        let reference = self.b.ins().iconcat(record, revision);
        self.push(reference, Repr::ContRef);
        if self.hooks.switches {
            self.hook_top(hook::BIND, None);
        }
    }
}
