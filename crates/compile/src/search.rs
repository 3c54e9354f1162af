//! The search for a handler: from the running continuation up its parents,
//! each parent's table from its first clause on.
//!
//! The first clause of the first parent is compared inline; everything else is
//! one routine per module, in machine code like its callers.
//!
//! # What records remember
//!
//! Each entry has one bit of 64, by the number of its tag ([`TagDef::bits`]), and each
//! table the bits of its entries. A record's `outermost` and `passed` say of its ancestors:
//!
//! ```text
//!  a < b        b is an ancestor of a, on the same chain
//!  T(r, s]      the tables of all x with r < x ≤ s
//!
//!  INV 1   for each record r of a chain with outermost ≠ r:   r < r.outermost, and an entry
//!          whose bit is not in r.passed is in no table of T(r, r.outermost]
//!  INV 2   if r < x < r.outermost, then x.outermost ≤ r.outermost
//! ```
//!
//! So whoever looks for an entry from `r` on, and finds its bit missing, goes on at `r.outermost`,
//! whatever lies between, and whichever tags are suspended to by turns.
//!
//! ```text
//!  at x:  parent = x.parent                      (null above the host's record: unhandled)
//!         entry i of parent.handlers == tag      ──▶ found: (parent, i + 1, x)
//!         x.outermost ≠ x, bit not in x.passed   jump: x = x.outermost
//!         else                                   step: x.outermost = x; x = parent
//!
//!  found at c:   c.outermost = c;  running.outermost = c, running.passed = all that was passed
//!  a run:        the steps from one jump to the next, or to c; the first record it
//!                comes to gets what the run passed, up to its end
//! ```
//!
//! The search asks `running` first whether to jump, since its parent's first clause was compared.
//! Runs are remembered so that tags that are handled at different places do not make each
//! other walk: each place begins a run of its own.
//!
//! Why the invariants hold: `T(r, s]` changes when a record `p` of it runs, and by
//! nothing else. It runs when its child `c` is cut off: the child returned, threw or
//! trapped, and all that is inside `p` is gone; or it suspended, or switched away, by a search
//! that found `p`. Nobody on the cut chain may then remember beyond `c`:
//!
//! - who the search stepped away from has forgotten, or begins a run that ends at `c` or
//!   before;
//! - who it jumped away from remembers up to where it jumped, at `c` or before;
//! - who it jumped over remembers, by INV 2, no further than that;
//! - `c` itself is made to forget.
//!
//! What `p` and its ancestors remember begins above `p`, and stays true. INV 2 for `running`:
//! as above, all between `running` and `c` remember up to `c` at most; for a run, the same up to
//! its end. What is linked below `p` later is a chain that was cut, so it is whole in itself;
//! `outermost` of a fresh record is itself. Found inline, `running` is `c`.

use crate::CompileError;
use crate::func::block_args;
use crate::func::regions::{Regions, import, plain, trap};
use crate::function::{Callee, CompiledFunc};
use crate::output::Compiler;
use crate::signature::find_handler_signature;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Value, types};
use cranelift_frontend::FunctionBuilder;
use mangrove_abi::record::reason;
use mangrove_abi::{ContRecord, Defect, FunctionKind, HandlerTable, TagDef, TrapCode};
use std::mem::{offset_of, size_of};
use types::I64;

/// Compiles the routine that the sites call. It sees to the usual case, that
/// what was found last time is found again, without saving registers.
pub fn find_handler(compiler: &mut Compiler) -> Result<CompiledFunc, CompileError> {
    routine(compiler, FunctionKind::Helper, |search, running, tag| {
        search.again(running, tag);
    })
}

/// Compiles the whole search.
pub fn search(compiler: &mut Compiler) -> Result<CompiledFunc, CompileError> {
    routine(compiler, FunctionKind::Search, |search, running, tag| {
        search.search(running, tag);
    })
}

fn routine(
    compiler: &mut Compiler,
    kind: FunctionKind,
    build: fn(&mut Search<'_, '_>, Value, Value),
) -> Result<CompiledFunc, CompileError> {
    let config = compiler.frontend_config();
    let keeps_memory = Defect::KeepMemory.is_in(compiler.defect);
    let (mut clif, context) = compiler.function(find_handler_signature());
    let mut b = FunctionBuilder::new(&mut clif, context);
    let mut search = Search {
        keeps_memory,
        flags: plain(Regions::new(&mut b).context),
        b: &mut b,
    };
    let entry = search.b.create_block();
    search.b.append_block_params_for_function_params(entry);
    search.b.switch_to_block(entry);
    let (running, tag) = (
        search.b.block_params(entry)[0],
        search.b.block_params(entry)[1],
    );
    build(&mut search, running, tag);
    b.seal_all_blocks();
    b.finalize(config);
    compiler.finish_small(kind, clif)
}

/// What is looked for.
struct Wanted {
    tag: Value,
    bit: Value,
    /// Where to go when nobody handles it.
    unhandled: Block,
}

/// A parent whose table was looked at.
struct Parent {
    parent: Value,
    /// The bits of its table, known in `next`.
    bits: Value,
    /// Number of the entry, known in `hit`.
    index: Value,
    /// Where it goes on if the entry is not in the table,
    next: Block,
    /// and if it is.
    hit: Block,
}

/// The routine under construction.
struct Search<'a, 'b> {
    b: &'a mut FunctionBuilder<'b>,
    flags: MemFlagsData,
    /// See [`Defect::KeepMemory`].
    keeps_memory: bool,
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

    /// From `running` to its `outermost`, whose parent's first entry is looked at. If that
    /// is it, all that `running` remembers stays as it is. Else everything is asked again.
    /// If `outermost` is `running`, this is no jump, and all the same right.
    fn again(&mut self, running: Value, tag: Value) {
        let [jump, handlers, hit, more] = [(); 4].map(|()| self.b.create_block());
        let outermost = self.load(running, offset_of!(ContRecord, outermost));
        let known = self.load(running, offset_of!(ContRecord, passed));
        let bit = self.bit(tag);
        let holds = self.b.ins().band(known, bit);
        self.b.ins().brif(holds, more, &[], jump, &[]);
        self.b.switch_to_block(jump);
        let parent = self.load(outermost, offset_of!(ContRecord, parent));
        self.b.ins().brif(parent, handlers, &[], more, &[]);
        self.b.switch_to_block(handlers);
        let table = self.load(parent, offset_of!(ContRecord, handlers));
        let first = self.load(table, offset_of!(HandlerTable, first));
        let matches = self.b.ins().icmp(IntCC::Equal, first, tag);
        self.b.ins().brif(matches, hit, &[], more, &[]);
        self.b.switch_to_block(hit);
        if !self.keeps_memory {
            self.store(outermost, outermost, offset_of!(ContRecord, outermost));
        }
        let zero = self.b.ins().iconst(I64, 0);
        self.answer(parent, zero, outermost);

        self.b.switch_to_block(more);
        let search = import(self.b, Callee::Search, find_handler_signature());
        self.b.ins().return_call(search, &[running, tag]);
    }

    fn search(&mut self, running: Value, tag: Value) {
        let [jumped, walking, found, unhandled] = [(); 4].map(|()| self.b.create_block());
        let wanted = Wanted {
            tag,
            bit: self.bit(tag),
            unhandled,
        };
        let zero = self.b.ins().iconst(I64, 0);
        self.memory(running, zero, &wanted, jumped, |search| {
            let start = block_args(&[running, zero]);
            search.b.ins().jump(jumped, &start);
        });
        self.jumped(&wanted, jumped, walking, found);
        self.walking(&wanted, jumped, walking, found);

        let [parent, index, outermost, passed] =
            [(); 4].map(|()| self.b.append_block_param(found, I64));
        self.b.switch_to_block(found);
        if !self.keeps_memory {
            self.store(outermost, outermost, offset_of!(ContRecord, outermost));
        }
        self.store(passed, running, offset_of!(ContRecord, passed));
        self.store(outermost, running, offset_of!(ContRecord, outermost));
        self.answer(parent, index, outermost);
        self.b.switch_to_block(unhandled);
        self.b.ins().trap(trap(TrapCode::UnhandledTag));
    }

    /// The bit of an entry, which lies at the same distance from either.
    fn bit(&mut self, entry: Value) -> Value {
        const { assert!(size_of::<u64>() as u64 == HandlerTable::SWITCH) };
        self.load(entry, offset_of!(TagDef, bits))
    }

    fn answer(&mut self, parent: Value, index: Value, outermost: Value) {
        let handled = self.b.ins().iconst(I64, reason::HANDLED);
        let answer = self.b.ins().iadd(index, handled);
        self.b.ins().return_(&[parent, answer, outermost]);
    }

    /// At `x`, when no run has begun.
    fn jumped(&mut self, wanted: &Wanted, jumped: Block, walking: Block, found: Block) {
        let [x, passed] = [(); 2].map(|()| self.b.append_block_param(jumped, I64));
        self.b.switch_to_block(jumped);
        let Parent {
            parent,
            bits,
            index,
            next,
            hit,
        } = self.parent(x, wanted);
        self.b.switch_to_block(hit);
        let place = block_args(&[parent, index, x, passed]);
        self.b.ins().jump(found, &place);
        self.b.switch_to_block(next);
        self.memory(x, passed, wanted, jumped, |search| {
            if !search.keeps_memory {
                search.store(x, x, offset_of!(ContRecord, outermost));
            }
            let passed = search.b.ins().bor(passed, bits);
            let zero = search.b.ins().iconst(I64, 0);
            let begun = block_args(&[parent, passed, parent, zero]);
            search.b.ins().jump(walking, &begun);
        });
    }

    /// In a run, which `begun` is the first record of, and which has passed `run`.
    fn walking(&mut self, wanted: &Wanted, jumped: Block, walking: Block, found: Block) {
        let [x, passed, begun, run] = [(); 4].map(|()| self.b.append_block_param(walking, I64));
        self.b.switch_to_block(walking);
        let Parent {
            parent,
            bits,
            index,
            next,
            hit,
        } = self.parent(x, wanted);
        self.b.switch_to_block(hit);
        self.store(run, begun, offset_of!(ContRecord, passed));
        self.store(x, begun, offset_of!(ContRecord, outermost));
        let place = block_args(&[parent, index, x, passed]);
        self.b.ins().jump(found, &place);

        self.b.switch_to_block(next);
        let ended = self.b.create_block();
        let [to, with] = [(); 2].map(|()| self.b.append_block_param(ended, I64));
        self.memory(x, passed, wanted, ended, |search| {
            if !search.keeps_memory {
                search.store(x, x, offset_of!(ContRecord, outermost));
            }
            let passed = search.b.ins().bor(passed, bits);
            let run = search.b.ins().bor(run, bits);
            let on = block_args(&[parent, passed, begun, run]);
            search.b.ins().jump(walking, &on);
        });
        // A run that ends where it began would overwrite what is jumped by.
        self.b.switch_to_block(ended);
        let remember = self.b.create_block();
        let none = self.b.ins().icmp(IntCC::Equal, begun, x);
        let args = block_args(&[to, with]);
        self.b.ins().brif(none, jumped, &args, remember, &[]);
        self.b.switch_to_block(remember);
        self.store(run, begun, offset_of!(ContRecord, passed));
        self.store(x, begun, offset_of!(ContRecord, outermost));
        self.b.ins().jump(jumped, &args);
    }

    /// Jumps to `jumped` with `x.outermost` and what was passed then, if `x` remembers
    /// that nothing up to there is wanted; else goes on with `otherwise`.
    fn memory(
        &mut self,
        x: Value,
        passed: Value,
        wanted: &Wanted,
        jumped: Block,
        otherwise: impl FnOnce(&mut Self),
    ) {
        let [knows, jump, step] = [(); 3].map(|()| self.b.create_block());
        let outermost = self.load(x, offset_of!(ContRecord, outermost));
        let nothing = self.b.ins().icmp(IntCC::Equal, outermost, x);
        self.b.ins().brif(nothing, step, &[], knows, &[]);
        self.b.switch_to_block(knows);
        let known = self.load(x, offset_of!(ContRecord, passed));
        let holds = self.b.ins().band(known, wanted.bit);
        self.b.ins().brif(holds, step, &[], jump, &[]);
        self.b.switch_to_block(jump);
        let passed = self.b.ins().bor(passed, known);
        let args = block_args(&[outermost, passed]);
        self.b.ins().jump(jumped, &args);
        self.b.switch_to_block(step);
        otherwise(self);
    }

    /// Looks at the table of `x`'s parent.
    fn parent(&mut self, x: Value, wanted: &Wanted) -> Parent {
        let [handlers, entries, all, next, hit] = [(); 5].map(|()| self.b.create_block());
        let index = self.b.append_block_param(hit, I64);
        let parent = self.load(x, offset_of!(ContRecord, parent));
        let nobody = wanted.unhandled;
        self.b.ins().brif(parent, handlers, &[], nobody, &[]);
        self.b.switch_to_block(handlers);
        let table = self.load(parent, offset_of!(ContRecord, handlers));
        let first = self.load(table, offset_of!(HandlerTable, first));
        let matches = self.b.ins().icmp(IntCC::Equal, first, wanted.tag);
        let zero = self.b.ins().iconst(I64, 0);
        let nearest = block_args(&[zero]);
        self.b.ins().brif(matches, hit, &nearest, entries, &[]);
        self.b.switch_to_block(entries);
        let bits = self.load(table, offset_of!(HandlerTable, bits));
        let holds = self.b.ins().band(bits, wanted.bit);
        self.b.ins().brif(holds, all, &[], next, &[]);
        self.b.switch_to_block(all);
        self.further_entries(wanted.tag, table, hit, next);
        Parent {
            parent,
            bits,
            index,
            next,
            hit,
        }
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
