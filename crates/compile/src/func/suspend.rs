//! `suspend` and `switch`: out of the running continuation.
//!
//! ```text
//!  suspend tag
//!    find the handler: target, reason, outermost
//!    target clean? log it
//!    running.outermost = outermost; outermost.parent = null     the chain is cut off
//!    current = target
//!    switch(running, target, reason, payload)
//!    ◀─ resumed: payload
//!
//!  switch k tag
//!    revision of k? find the handler; bump the revision
//!    k clean, or has bound arguments? ask the runtime
//!    cut off as above; k.outermost.parent = target
//!    current = k
//!    switch(running, k, 0, payload + running)
//!    ◀─ resumed or switched to: payload
//! ```

use super::barrier::wake;
use super::handler::FoundHandler;
use super::translator::FuncTranslator;
use cranelift_codegen::ir::{InstBuilder, Value};
use mangrove_abi::libcall::hook;
use mangrove_abi::{ContRecord, Defect, HandlerTable, StoreContext, TagIndex, TypeIndex, Waking};
use mangrove_validate::{CompositeType, HeapType, Repr, ValType};
use std::mem::offset_of;

impl FuncTranslator<'_, '_> {
    pub(super) fn suspend(&mut self, tag: TagIndex) {
        let signature = self.env.signature(self.env.module.tags[tag.index()]);
        if self.hooks.switches {
            let address = self.instance_word(self.env.layout.tag(tag));
            let nothing = self.const_word(0);
            self.hook_about(hook::SUSPEND, [nothing, nothing, address]);
        }
        let tag = self.instance_word(self.env.layout.tag(tag));
        let running = self.running_record();
        let found = self.find_handler(running, tag);
        let store = self.store_context();
        if !self.has(Defect::Unwoken(Waking::Suspended)) {
            wake(&mut self.b, self.regions.context, store, found.target);
        }
        self.detach(running, &found);
        self.context_store(found.target, store, offset_of!(StoreContext, current));
        let payload = self.send(&signature.params);
        self.release(signature.params.len());
        let arrival = self.switch([running, found.target, found.reason, payload]);
        self.receive(&arrival, &signature.results, Self::push_value);
    }

    /// `switch`: suspends to the nearest `(on $tag switch)` and resumes another
    /// continuation there, which gets this one as its last argument.
    pub(super) fn switch_to(&mut self, cont_type: TypeIndex, tag: TagIndex) {
        let params = self.env.signature(self.env.cont_function(cont_type)).params;
        let back = self.params_of_last(cont_type);
        if self.hooks.switches {
            self.hook_top(hook::SWITCH, Some(tag));
        }
        let reference = self.pop();
        let (record, revision) = self.unconsumed(reference);
        let tag = self.instance_word(self.env.layout.tag(tag));
        let mark = self.const_word(HandlerTable::SWITCH);
        let tag = self.b.ins().bor(tag, mark);
        let running = self.running_record();
        let found = self.find_handler(running, tag);
        // Only now: a switch that nobody handles traps and consumes nothing.
        self.mark_consumed(record, revision);
        let revision = self.context_load(running, offset_of!(ContRecord, revision));
        let this = self.b.ins().iconcat(running, revision);
        self.push_value(this);
        let replace = |this: &mut Self| {
            this.detach(running, &found);
            let outermost = this.context_load(record, offset_of!(ContRecord, outermost));
            this.context_store(found.target, outermost, offset_of!(ContRecord, parent));
        };
        let payload = self.if_unready(
            record,
            |this| {
                // The runtime wants a chain that is whole.
                let payload = this.send(&params);
                let payload = this.make_ready(record, payload, &params);
                replace(this);
                payload
            },
            |this| {
                // The other side's next search waits for these links.
                replace(this);
                this.send(&params)
            },
        );
        self.release(params.len());
        let store = self.store_context();
        self.context_store(record, store, offset_of!(StoreContext, current));
        let nothing = self.const_word(0);
        let arrival = self.switch([running, record, nothing, payload]);
        self.receive(&arrival, &back, Self::push_value);
    }

    /// What a continuation that was switched away from is resumed with: the
    /// parameters of the continuation type that is the last parameter.
    fn params_of_last(&self, cont_type: TypeIndex) -> Vec<Repr> {
        let function = self.env.module.func_type(self.env.cont_function(cont_type));
        match function.params.last() {
            Some(ValType::Ref(ty)) => match ty.heap {
                HeapType::Concrete(index)
                    if matches!(self.env.sub_type(index).composite, CompositeType::Cont(_)) =>
                {
                    self.env.signature(self.env.cont_function(index)).params
                }
                _ => unreachable!("the last parameter of a validated switch is a continuation"),
            },
            _ => unreachable!("the last parameter of a validated switch is a reference"),
        }
    }

    /// Cuts the chain from the running continuation up to its handler off.
    fn detach(&mut self, running: Value, found: &FoundHandler) {
        self.context_store(found.outermost, running, offset_of!(ContRecord, outermost));
        if self.has(Defect::Uncut) {
            return;
        }
        let nobody = self.const_word(0);
        self.context_store(nobody, found.outermost, offset_of!(ContRecord, parent));
    }
}
