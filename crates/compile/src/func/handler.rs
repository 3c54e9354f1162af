//! The search for a handler as each `suspend` and `switch` begins it: the first
//! clause of the first parent is compared inline. Everything else is one routine
//! per module, in machine code like its callers: [`crate::search`].

use super::state::block_args;
use super::translator::FuncTranslator;
use crate::function::Callee;
use crate::signature::find_handler_signature;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use mangrove_abi::record::reason;
use mangrove_abi::{ContRecord, HandlerTable};
use std::mem::offset_of;
use types::I64;

/// A handler that was found.
pub struct FoundHandler {
    /// The record whose `resume` handles the tag.
    pub target: Value,
    /// What it is switched to with.
    pub reason: Value,
    /// The outermost record of the suspended chain.
    pub outermost: Value,
}

impl FuncTranslator<'_, '_> {
    /// Finds the handler of a tag (or of a tag's `switch` clause), or traps.
    pub(super) fn find_handler(&mut self, running: Value, tag: Value) -> FoundHandler {
        let parent = self.context_load(running, offset_of!(ContRecord, parent));
        let table = self.context_load(parent, offset_of!(ContRecord, handlers));
        let first = self.context_load(table, offset_of!(HandlerTable, first));
        let matches = self.b.ins().icmp(IntCC::Equal, first, tag);
        let search = self.b.create_block();
        let done = self.b.create_block();
        let [target, reason, outermost] = [(); 3].map(|()| self.b.append_block_param(done, I64));
        self.b.set_cold_block(search);
        let handled = self.const_word(reason::HANDLED as u64);
        let found = block_args(&[parent, handled, running]);
        self.b.ins().brif(matches, done, &found, search, &[]);
        self.b.seal_block(search);

        self.b.switch_to_block(search);
        let routine = self.callee(Callee::FindHandler, find_handler_signature);
        self.note_call();
        let call = self.b.ins().call(routine, &[running, tag]);
        let results = block_args(self.b.inst_results(call));
        self.b.ins().jump(done, &results);
        self.b.seal_block(done);
        self.b.switch_to_block(done);
        FoundHandler {
            target,
            reason,
            outermost,
        }
    }
}
