//! The search for a handler: from the running continuation up its parents,
//! each parent's table from its first clause on.
//!
//! The first clause of the first parent is compared inline; everything else is
//! one routine per module, in machine code like its callers:
//!
//! ```text
//!  child = own
//!  loop: parent = child.parent            (null above the host's record: unhandled)
//!        for entry i of parent.handlers:  entry == tag ? ──▶ (parent, i + 1, child)
//!        child = parent
//! ```

use super::FuncTranslator;
use super::access::{Regions, plain, trap};
use super::control::block_args;
use crate::CompileError;
use crate::output::{Callee, CompiledFunc, Compiler};
use crate::signature::find_handler_signature;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use cranelift_frontend::FunctionBuilder;
use mangrove_abi::record::word;
use mangrove_abi::{ContRecord, FunctionKind, HandlerTable, TrapCode};
use std::mem::offset_of;
use types::I64;

/// A handler that was found.
pub struct Handler {
    /// The record whose `resume` handles the tag.
    pub target: Value,
    /// What it is switched to with.
    pub word: Value,
    /// The outermost record of the suspended chain.
    pub outermost: Value,
}

impl FuncTranslator<'_, '_> {
    /// Finds the handler of a tag (or of a tag's `switch` clause), or traps.
    pub(super) fn find_handler(&mut self, own: Value, tag: Value) -> Handler {
        let parent = self.context_load(own, offset_of!(ContRecord, parent));
        let table = self.context_load(parent, offset_of!(ContRecord, handlers));
        let first = self.context_load(table, offset_of!(HandlerTable, first));
        let matches = self.b.ins().icmp(IntCC::Equal, first, tag);
        let search = self.b.create_block();
        let done = self.b.create_block();
        let [target, word, outermost] = [(); 3].map(|()| self.b.append_block_param(done, I64));
        self.b.set_cold_block(search);
        let handled = self.word(word::HANDLED as u64);
        let found = block_args(&[parent, handled, own]);
        self.b.ins().brif(matches, done, &found, search, &[]);
        self.b.seal_block(search);

        self.b.switch_to_block(search);
        let routine = self.callee(Callee::FindHandler, find_handler_signature);
        let call = self.b.ins().call(routine, &[own, tag]);
        let results = block_args(self.b.inst_results(call));
        self.b.ins().jump(done, &results);
        self.b.seal_block(done);
        self.b.switch_to_block(done);
        Handler {
            target,
            word,
            outermost,
        }
    }
}

/// Compiles the routine.
pub fn find_handler(compiler: &mut Compiler) -> Result<CompiledFunc, CompileError> {
    let config = compiler.frontend_config();
    let (mut clif, context) = compiler.function(find_handler_signature());
    let mut b = FunctionBuilder::new(&mut clif, context);
    let regions = Regions::new(&mut b);
    let flags = plain(regions.context);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    let [
        outer,
        handlers,
        entries,
        compare,
        next_entry,
        found,
        unhandled,
    ] = [(); 7].map(|()| b.create_block());
    b.switch_to_block(entry);
    let (own, tag) = (b.block_params(entry)[0], b.block_params(entry)[1]);
    b.ins().jump(outer, &block_args(&[own]));

    // One parent after the other.
    let child = b.append_block_param(outer, I64);
    b.switch_to_block(outer);
    let parent = b
        .ins()
        .load(I64, flags, child, offset_of!(ContRecord, parent) as i32);
    b.ins().brif(parent, handlers, &[], unhandled, &[]);
    b.switch_to_block(handlers);
    let table = b
        .ins()
        .load(I64, flags, parent, offset_of!(ContRecord, handlers) as i32);
    let count = b
        .ins()
        .load(I64, flags, table, offset_of!(HandlerTable, count) as i32);
    let zero = b.ins().iconst(I64, 0);
    b.ins().jump(entries, &block_args(&[zero]));

    // One entry after the other.
    let index = b.append_block_param(entries, I64);
    b.switch_to_block(entries);
    let more = b.ins().icmp(IntCC::UnsignedLessThan, index, count);
    b.ins()
        .brif(more, compare, &[], outer, &block_args(&[parent]));
    b.switch_to_block(compare);
    let size = b.ins().iconst(I64, 8);
    let offset = b.ins().imul(index, size);
    let address = b.ins().iadd(table, offset);
    let candidate = b
        .ins()
        .load(I64, flags, address, offset_of!(HandlerTable, first) as i32);
    let matches = b.ins().icmp(IntCC::Equal, candidate, tag);
    b.ins().brif(matches, found, &[], next_entry, &[]);
    b.switch_to_block(next_entry);
    let one = b.ins().iconst(I64, 1);
    let next = b.ins().iadd(index, one);
    b.ins().jump(entries, &block_args(&[next]));

    b.switch_to_block(found);
    let handled = b.ins().iconst(I64, word::HANDLED);
    let answer = b.ins().iadd(index, handled);
    b.ins().return_(&[parent, answer, child]);
    b.switch_to_block(unhandled);
    b.ins().trap(trap(TrapCode::UnhandledTag));
    b.seal_all_blocks();
    b.finalize(config);
    compiler.finish(FunctionKind::Helper, clif)
}
