//! `resume` and `resume_throw`: into a continuation, and what comes back.
//!
//! ```text
//!  resume k
//!    revision of k? bump it; k clean, or has bound arguments? ask the runtime
//!    k.outermost.parent = running
//!    running.handlers = this site's table
//!    current = k
//!    switch(running, k, 0, payload)
//!    ◀─ reason 0: k returned; i + 1: clause i has the suspension of `from`
//!
//!  resume_throw k: the runtime finds the handler in k's chain, makes the record
//!    that has it continue there, wakes it, and links the chain; the switch's payload is
//!    the exception
//! ```
//!
//! Next on the road of a `resume`: `crates/compile/src/func/switch.rs`.

use super::regions::trap;
use super::state::Handover;
use super::switch::Arrival;
use super::translator::FuncTranslator;
use cranelift_codegen::ir::{Block, BlockArg, BlockCall, InstBuilder, JumpTableData, Value, types};
use mangrove_abi::libcall::hook;
use mangrove_abi::record::reason;
use mangrove_abi::{ContRecord, Defect, Libcall, StoreContext, TagIndex, TrapCode, TypeIndex};
use mangrove_validate::Repr;
use std::collections::{HashMap, HashSet};
use std::mem::offset_of;
use types::I32;
use wasmparser::{Handle, ResumeTable};

impl FuncTranslator<'_, '_> {
    pub(super) fn resume(&mut self, cont_type: TypeIndex, table: &ResumeTable) {
        let signature = self.env.signature(self.env.cont_function(cont_type));
        if self.hooks.switches {
            self.hook_top(hook::RESUME, None);
        }
        let reference = self.pop();
        let record = self.consume(reference);
        let payload = self.send_to(record, &signature.params);
        self.release(signature.params.len());
        let running = self.running_record();
        let outermost = match self.has(Defect::LinkInnermost) {
            true => record,
            false => self.context_load(record, offset_of!(ContRecord, outermost)),
        };
        self.context_store(running, outermost, offset_of!(ContRecord, parent));
        self.install(running, table);
        let store = self.store_context();
        self.context_store(record, store, offset_of!(StoreContext, current));
        let nothing = self.const_word(0);
        let arrival = self.switch([running, record, nothing, payload]);
        self.dispatch(&arrival, table);
        self.receive(&arrival, &signature.results, Self::push_value);
        self.hook_returned(&arrival);
    }

    /// `resume_throw` of a tag's exception, or `resume_throw_ref` of a given one.
    pub(super) fn resume_throw(
        &mut self,
        cont_type: TypeIndex,
        tag: Option<TagIndex>,
        table: &ResumeTable,
    ) {
        let results = self
            .env
            .signature(self.env.cont_function(cont_type))
            .results;
        if self.hooks.switches {
            self.hook_top(hook::RESUME_THROW, None);
        }
        let reference = self.pop();
        let exn = match tag {
            Some(tag) => self.make_exception(tag),
            None => {
                let exn = self.pop();
                self.trap_if_zero(exn, TrapCode::NullException);
                exn
            }
        };
        let record = self.consume(reference);
        let running = self.running_record();
        self.install(running, table);
        let exn = self.extend(exn);
        // Links the chain to the running one, or ends it: not here, where a call's
        // push would come in between.
        let target = self.throwing_libcall(Libcall::PrepareThrow, &[record, exn]);
        let store = self.store_context();
        self.context_store(target, store, offset_of!(StoreContext, current));
        let nothing = self.const_word(0);
        let arrival = self.switch([running, target, nothing, exn]);
        self.dispatch(&arrival, table);
        self.receive(&arrival, &results, Self::push_value);
        self.hook_returned(&arrival);
    }

    /// Tells who watches that what was resumed has returned. Its results are operands by
    /// now, so they are roots.
    fn hook_returned(&mut self, arrival: &Arrival) {
        if self.hooks.switches {
            let nothing = self.const_word(0);
            self.hook_about(hook::RETURNED, [arrival.from, nothing, nothing]);
        }
    }

    /// Gives the running record this site's handlers.
    fn install(&mut self, running: Value, table: &ResumeTable) {
        if table.handlers.is_empty() && self.has(Defect::KeepHandlers) {
            return;
        }
        let store = self.store_context();
        let handlers = match self.env.handler_table(table) {
            Some(offset) => {
                let offset = self.const_word(offset as u64);
                let instance = self.instance();
                self.b.ins().iadd(instance, offset)
            }
            None => {
                let offset = self.const_word(offset_of!(StoreContext, no_handlers) as u64);
                self.b.ins().iadd(store, offset)
            }
        };
        self.context_store(handlers, running, offset_of!(ContRecord, handlers));
    }

    /// Branches to the clause that has the suspension, or goes on where the
    /// continuation returned.
    fn dispatch(&mut self, arrival: &Arrival, table: &ResumeTable) {
        if table.handlers.is_empty() {
            return;
        }
        debug_assert_eq!((reason::RETURNED, reason::HANDLED), (0, 1));
        let returned = self.b.create_block();
        // Clauses that hand the same on to the same label share their code: each may
        // have a thousand values for its three bytes.
        let mut code: Vec<(Block, Option<&Handle>)> = Vec::new();
        let mut known = HashMap::new();
        // Behind a clause for the same tag none is reached: what it needs is needed nowhere.
        let mut tags = HashSet::new();
        let clauses: Vec<Block> = table
            .handlers
            .iter()
            .map(|handle| {
                let handed_on = self.handed_on(handle);
                let handed_on = handed_on.filter(|_| tags.insert(tag_of(handle)));
                *known.entry(handed_on).or_insert_with(|| {
                    let block = self.b.create_block();
                    code.push((block, handed_on.and(Some(handle))));
                    block
                })
            })
            .collect();
        if let [clause] = clauses[..] {
            self.b
                .ins()
                .brif(arrival.reason, clause, &[], returned, &[]);
        } else {
            let pool = &mut self.b.func.dfg.value_lists;
            let mut call = |block| BlockCall::new(block, std::iter::empty::<BlockArg>(), pool);
            let mut targets = vec![call(returned)];
            targets.extend(clauses.iter().map(|&clause| call(clause)));
            if self.has(Defect::SwapClauses) {
                targets.swap(1, 2);
            }
            let jumps = self
                .b
                .create_jump_table(JumpTableData::new(targets[0], &targets));
            let index = self.b.ins().ireduce(I32, arrival.reason);
            self.b.ins().br_table(index, jumps);
        }
        for (clause, handle) in code {
            self.b.switch_to_block(clause);
            self.b.seal_block(clause);
            match handle {
                Some(&Handle::OnLabel { tag, label }) => {
                    self.take_suspension(arrival, TagIndex::new(tag), label);
                }
                // A `switch` goes past this site: nothing arrives here.
                Some(Handle::OnSwitch { .. }) | None => {
                    self.b.ins().trap(trap(TrapCode::Unreachable));
                }
            }
        }
        self.b.seal_block(returned);
        self.b.switch_to_block(returned);
    }

    /// What a clause does: the type of its values, and the label they go to; none
    /// for one that nothing arrives at.
    fn handed_on(&self, handle: &Handle) -> Option<(TypeIndex, u32)> {
        match *handle {
            Handle::OnLabel { tag, label } => {
                let tag = TagIndex::new(tag);
                Some((self.env.module.tags[tag.index()], label))
            }
            Handle::OnSwitch { .. } => None,
        }
    }

    /// One clause: the tag's payload and the suspended continuation go to its label.
    fn take_suspension(&mut self, arrival: &Arrival, tag: TagIndex, label: u32) {
        let params = self.env.signature(self.env.module.tags[tag.index()]).params;
        let mut handover = Handover::to(self.label(label));
        self.receive(arrival, &params, |this, value| {
            this.hand_over(&mut handover, value);
        });
        let revision = self.context_load(arrival.from, offset_of!(ContRecord, revision));
        let reference = self.b.ins().iconcat(arrival.from, revision);
        self.declare_root(reference, Repr::ContRef);
        self.hand_over(&mut handover, reference);
        self.jump(handover);
    }
}

/// The tag of a clause.
fn tag_of(handle: &Handle) -> u32 {
    match *handle {
        Handle::OnLabel { tag, .. } | Handle::OnSwitch { tag } => tag,
    }
}
