//! The search for a handler: from the running continuation up its parents,
//! each parent's table from its first clause on.
//!
//! The first clause of the first parent is compared inline; everything else is
//! one routine per module, in machine code like its callers:
//!
//! ```text
//!  child = own.unhandled == tag ? own.last : own
//!  loop: parent = child.parent            (null above the host's record: unhandled)
//!        for entry i of parent.handlers:  entry == tag ? own.unhandled = tag ──▶ (parent, i + 1, child)
//!        parent.unhandled = 0
//!        child = parent
//! ```
//!
//! A generator far below its handler suspends with the same tag again and again,
//! and takes the records in between along each time. What was found about their
//! tables stays true until one of them runs again. It does only after a
//! suspension that was handled there: of `own`, whose `last` is then a nearer
//! one, or of a record below `own`, whose search has passed `own` and made it
//! forget. (A search that skips `own` is by one below it that remembers more, and
//! its first such search made `own` forget; since then `own` did not run.)

use super::FuncTranslator;
use super::access::{Regions, plain, trap};
use super::control::block_args;
use crate::CompileError;
use crate::output::{Callee, CompiledFunc, Compiler};
use crate::signature::find_handler_signature;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Value, types};
use cranelift_frontend::FunctionBuilder;
use mangrove_abi::record::word;
use mangrove_abi::{ContRecord, FunctionKind, HandlerTable, TagDef, TrapCode};
use std::mem::{offset_of, size_of};
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
        self.note_call();
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
    let mut search = Search {
        flags: plain(Regions::new(&mut b).context),
        b: &mut b,
    };
    let entry = search.b.create_block();
    search.b.append_block_params_for_function_params(entry);
    search.b.switch_to_block(entry);
    let (own, tag) = (
        search.b.block_params(entry)[0],
        search.b.block_params(entry)[1],
    );
    let start = search.start(own, tag);
    search.parents(own, tag, start);
    b.seal_all_blocks();
    b.finalize(config);
    compiler.finish_small(FunctionKind::Helper, clif)
}

/// The routine under construction.
struct Search<'a, 'b> {
    b: &'a mut FunctionBuilder<'b>,
    flags: MemFlagsData,
}

impl Search<'_, '_> {
    fn load(&mut self, base: Value, offset: usize) -> Value {
        let flags = self.flags;
        self.b.ins().load(I64, flags, base, offset as i32)
    }

    fn store(&mut self, value: Value, base: Value, offset: usize) {
        let flags = self.flags;
        self.b.ins().store(flags, value, base, offset as i32);
    }

    /// The record whose parent is the first to be looked at.
    fn start(&mut self, own: Value, tag: Value) -> Value {
        let known = self.load(own, offset_of!(ContRecord, unhandled));
        let last = self.load(own, offset_of!(ContRecord, last));
        let again = self.b.ins().icmp(IntCC::Equal, known, tag);
        self.b.ins().select(again, last, own)
    }

    /// One parent after the other.
    fn parents(&mut self, own: Value, tag: Value, start: Value) {
        let [outer, handlers, entries, next, found, unhandled] =
            [(); 6].map(|()| self.b.create_block());
        let child = self.b.append_block_param(outer, I64);
        let index = self.b.append_block_param(found, I64);
        self.b.ins().jump(outer, &block_args(&[start]));

        self.b.switch_to_block(outer);
        let parent = self.load(child, offset_of!(ContRecord, parent));
        self.b.ins().brif(parent, handlers, &[], unhandled, &[]);
        self.b.switch_to_block(handlers);
        let table = self.load(parent, offset_of!(ContRecord, handlers));
        let first = self.load(table, offset_of!(HandlerTable, first));
        let matches = self.b.ins().icmp(IntCC::Equal, first, tag);
        let zero = self.b.ins().iconst(I64, 0);
        let nearest = block_args(&[zero]);
        self.b.ins().brif(matches, found, &nearest, entries, &[]);
        self.b.switch_to_block(entries);
        self.further_entries(tag, table, found, next);

        self.b.switch_to_block(next);
        self.store(zero, parent, offset_of!(ContRecord, unhandled));
        self.b.ins().jump(outer, &block_args(&[parent]));

        self.b.switch_to_block(found);
        self.store(tag, own, offset_of!(ContRecord, unhandled));
        let handled = self.b.ins().iconst(I64, word::HANDLED);
        let answer = self.b.ins().iadd(index, handled);
        self.b.ins().return_(&[parent, answer, child]);
        self.b.switch_to_block(unhandled);
        self.b.ins().trap(trap(TrapCode::UnhandledTag));
    }

    /// One entry after the other, from the second on: to `found` with the
    /// number of the one that is the tag's, or to `none`.
    fn further_entries(&mut self, tag: Value, table: Value, found: Block, none: Block) {
        let [more, compare] = [(); 2].map(|()| self.b.create_block());
        let before = self.b.append_block_param(more, I64);
        let count = self.load(table, offset_of!(HandlerTable, count));
        let zero = self.b.ins().iconst(I64, 0);
        self.b.ins().jump(more, &block_args(&[zero]));

        self.b.switch_to_block(more);
        let one = self.b.ins().iconst(I64, 1);
        let index = self.b.ins().iadd(before, one);
        let some = self.b.ins().icmp(IntCC::UnsignedLessThan, index, count);
        self.b.ins().brif(some, compare, &[], none, &[]);
        self.b.switch_to_block(compare);
        let size = self.b.ins().iconst(I64, size_of::<*const TagDef>() as i64);
        let offset = self.b.ins().imul(index, size);
        let address = self.b.ins().iadd(table, offset);
        let entry = self.load(address, offset_of!(HandlerTable, first));
        let matches = self.b.ins().icmp(IntCC::Equal, entry, tag);
        let this = block_args(&[index]);
        self.b
            .ins()
            .brif(matches, found, &this, more, &block_args(&[index]));
    }
}
