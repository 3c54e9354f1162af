//! The catch block of a `try_table`: which clause takes an exception, and how its
//! values get to the clause's label.

use super::exception::caught_tag;
use super::regions::plain;
use super::state::Extension;
use super::state::Handover;
use super::state::block_args;
use super::translator::FuncTranslator;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
use mangrove_abi::object::exn_layout;
use mangrove_abi::{Defect, TagIndex, TypeIndex};
use mangrove_validate::{Repr, StorageType};
use std::collections::{HashMap, HashSet};
use types::{I32, I64};
use wasmparser::Catch;

/// What a clause does: the label it goes to, the type whose values it hands over,
/// and whether the exception goes along. Clauses that agree share their code:
/// each may have a thousand values for its few bytes.
type Delivery = (u32, Option<TypeIndex>, bool);

/// The code of a catch block's clauses.
struct Takes {
    /// How many clauses want it.
    wanted: HashMap<Delivery, usize>,
    /// Where it is.
    blocks: HashMap<Delivery, Block>,
}

impl FuncTranslator<'_, '_> {
    /// Closes the scope of a `try_table` and fills its catch block. Called with the
    /// `try_table`'s own frame popped.
    pub(super) fn close_scope(&mut self, catches: &[Catch]) {
        if catches.is_empty() {
            return;
        }
        let scope = self.scopes.pop().expect("one scope for each try_table");
        let around = self.scopes.last().map(|outer| outer.catch_block);
        self.b.seal_block(scope.catch_block);
        self.b.switch_to_block(scope.catch_block);
        let exn = self.b.block_params(scope.catch_block)[0];
        // Who threw may have used some.
        self.load_fuel();
        self.read_running();
        // Behind a clause for the same tag none is reached.
        let mut tags = HashSet::new();
        let reached = |catch: &&Catch| caught_tag(catch).is_none_or(|tag| tags.insert(tag));
        let catches: Vec<Catch> = catches.iter().filter(reached).cloned().collect();
        let mut takes = Takes {
            wanted: HashMap::new(),
            blocks: HashMap::new(),
        };
        for catch in &catches {
            *takes.wanted.entry(self.delivery(catch)).or_default() += 1;
        }
        self.choose(&catches, exn, around, &mut takes);
        for (delivery, block) in takes.blocks {
            if takes.wanted[&delivery] > 1 {
                self.b.seal_block(block);
            }
        }
    }

    /// Compares the tag of the exception with those of the clauses, in order.
    fn choose(&mut self, catches: &[Catch], word: Value, around: Option<Block>, takes: &mut Takes) {
        let exn = self.b.ins().ireduce(I32, word);
        let mut known = None;
        for (index, catch) in catches.iter().enumerate() {
            let delivery = self.delivery(catch);
            let take = takes.blocks.get(&delivery).copied();
            let last = index + 1 == catches.len() && around.is_none();
            let (Some(expected), false) = (caught_tag(catch), last) else {
                match take {
                    Some(take) => {
                        self.b.ins().jump(take, &[]);
                    }
                    None => self.take_exception(catch, exn),
                }
                return;
            };
            let tag = match known {
                Some(tag) => tag,
                None => *known.insert(self.exception_tag(exn)),
            };
            let expected = self.instance_word(self.env.layout.tag(expected));
            let is = self.b.ins().icmp(IntCC::Equal, tag, expected);
            let block = take.unwrap_or_else(|| self.b.create_block());
            let next = self.b.create_block();
            self.b.ins().brif(is, block, &[], next, &[]);
            if take.is_none() {
                takes.blocks.insert(delivery, block);
                if takes.wanted[&delivery] == 1 {
                    self.b.seal_block(block);
                }
                self.b.switch_to_block(block);
                self.take_exception(catch, exn);
            }
            self.b.seal_block(next);
            self.b.switch_to_block(next);
        }
        let around = around.expect("the outermost scope's last clause needs no comparison");
        self.b.ins().jump(around, &block_args(&[word]));
    }

    fn delivery(&self, catch: &Catch) -> Delivery {
        let (label, with_reference) = destination(catch);
        let ty = caught_tag(catch).map(|tag| self.env.module.tags[tag.index()]);
        (label, ty, with_reference)
    }

    /// One clause: the payload, and the exception if asked for, go to its label.
    fn take_exception(&mut self, catch: &Catch, exn: Value) {
        let (label, with_reference) = destination(catch);
        let mut handover = Handover::to(self.label(label));
        if let Some(tag) = caught_tag(catch) {
            self.unpack_exception(tag, exn, &mut handover);
        }
        if with_reference {
            self.declare_root(exn, Repr::HeapRef);
            self.hand_over(&mut handover, exn);
        }
        self.jump(handover);
    }

    /// The address of the tag an exception was thrown with.
    fn exception_tag(&mut self, exn: Value) -> Value {
        let address = self.object(exn);
        let flags = plain(self.regions.shapes);
        let offset = exn_layout([]).offsets[0] as i32;
        self.b.ins().load(I64, flags, address, offset)
    }

    /// Hands the values of an exception to a label.
    fn unpack_exception(&mut self, tag: TagIndex, exn: Value, handover: &mut Handover) {
        let (types, layout) = self.exn_types(tag);
        let address = self.object(exn);
        let flags = plain(self.regions.shapes);
        for (&ty, &offset) in types.iter().zip(&layout.offsets[1..]) {
            let storage = StorageType::Val(ty);
            let value = self.heap_load(flags, storage, Extension::None, address, offset as i32);
            let repr = self.env.repr(ty);
            if !self.has(Defect::MapWithoutException) {
                self.declare_root(value, repr);
            }
            self.hand_over(handover, value);
        }
    }
}

/// The label of a clause, and whether it wants the exception itself.
fn destination(catch: &Catch) -> (u32, bool) {
    match *catch {
        Catch::One { label, .. } | Catch::All { label } => (label, false),
        Catch::OneRef { label, .. } | Catch::AllRef { label } => (label, true),
    }
}
