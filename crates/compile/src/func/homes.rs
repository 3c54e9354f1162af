//! Homes in the frame: how large functions are translated.
//!
//! Some of what Cranelift does takes time in proportion to the live values of
//! every block together: blocks × values, in functions that have many of both.
//! A function for which that comes out too large ([`crate::cost`]) is translated
//! so that no value outlives a block:
//!
//! ```text
//!  frame:  local 0 │ local 1 │ … │ operand at depth 0 │ depth 1 │ …
//!          one home for each local, and for each depth and size of operand;
//!          branches go without arguments: operands lie where the label wants them
//! ```
//!
//! References have homes of their own that hold nothing else and start as null.
//! All of them are roots at every call of the function: one list, however many
//! calls there are. An operand's home is nulled when it is popped; a local keeps
//! alive what it holds until it is overwritten or the function returns.

use super::regions::trap;
use super::state::block_args;
use crate::signature::root_kind;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::{
    Block, Function, InstBuilder, MemFlagsData, StackSlot, StackSlotData, StackSlotKind, Type,
    Value, types,
};
use cranelift_frontend::FunctionBuilder;
use mangrove_abi::{SlotHolds, SlotKind, TrapCode};
use std::collections::{HashMap, HashSet};
use types::{I32, I64};

/// Bytes a frame of homes may have: 16 times the stack a continuation has by
/// default.
pub const MOST_FRAME_BYTES: u32 = 4 << 20;

/// Operands whose values may be used instead of their homes: those pushed last. So
/// no more values are alive at once, however many operands there are.
const MOST_FRESH: u32 = 8;

/// Blocks from one waypoint to the next ([`Homes::waypoint`]): there are a few
/// parameters to a block.
const WAYPOINT_EVERY: usize = 128;

/// A place in the frame.
#[derive(Clone, Copy, Debug)]
pub struct Home {
    offset: u32,
    ty: Type,
    root: bool,
}

/// An operand that has a home.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    ty: Type,
    root: bool,
    fresh: Option<Fresh>,
}

/// The value of an operand, and when it was stored: usable until the block ends,
/// a call is made, or enough others were stored.
#[derive(Clone, Copy, Debug)]
struct Fresh {
    value: Value,
    block: Block,
    calls: u32,
    kept: u32,
}

impl Kept {
    /// An operand of this type that lies at its home already.
    pub fn at_home(ty: Type, root: bool) -> Self {
        let fresh = None;
        Self { ty, root, fresh }
    }
}

/// The homes of one function.
pub struct Homes {
    slot: StackSlot,
    size: u32,
    locals: HashMap<u32, Home>,
    /// By depth, size and whether it is for roots.
    operands: HashMap<(u32, u32, bool), Home>,
    /// Homes that must be zero when the function starts.
    zeroed: Vec<Home>,
    /// Values that were declared roots.
    roots: HashSet<Value>,
    /// Calls made so far.
    calls: u32,
    /// Operands stored so far.
    kept: u32,
    /// The address of the homes, in a block and before a call: over a call no
    /// address of the stack may be kept ([`crate::movable`]).
    base: Option<(Value, Block, u32)>,
    /// Where the instance lies, and its value there and then.
    instance: Home,
    loaded: Option<(Value, Block, u32)>,
    /// Blocks there were at the last waypoint.
    blocks: usize,
}

impl Homes {
    /// No homes yet but that of the instance.
    pub fn new(b: &mut FunctionBuilder<'_>, instance: Value) -> Self {
        // The size is set when all homes are known.
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, 0, 4);
        let home = Home {
            offset: 0,
            ty: I64,
            root: false,
        };
        let mut homes = Self {
            slot: b.create_sized_stack_slot(data),
            size: home.ty.bytes(),
            locals: HashMap::new(),
            operands: HashMap::new(),
            zeroed: Vec::new(),
            roots: HashSet::new(),
            calls: 0,
            kept: 0,
            base: None,
            instance: home,
            loaded: None,
            blocks: 0,
        };
        homes.store(b, home, instance);
        homes
    }

    /// The slot at whose start the instance lies.
    pub fn instance_slot(&self) -> StackSlot {
        debug_assert_eq!(self.instance.offset, 0);
        self.slot
    }

    /// The instance, loaded once for each stretch of code without calls.
    pub fn instance(&mut self, b: &mut FunctionBuilder<'_>) -> Value {
        let here = b.current_block().expect("code is put into a block");
        match self.loaded {
            Some((value, block, calls)) if block == here && calls == self.calls => value,
            _ => {
                let value = self.load(b, self.instance);
                self.loaded = Some((value, here, self.calls));
                value
            }
        }
    }

    /// Between two instructions of the body: makes a waypoint if the last one is far.
    ///
    /// When values have their registers, the allocator takes them by number, and looks
    /// for each that is alive at the start of a block through the list of all block
    /// parameters up to it. It goes on from where it came to at the last value that has
    /// two ranges: values in homes have one, and it would start anew for each. A waypoint
    /// is two such values, as parameters and other values are numbered apart. Each is
    /// alive at the start of a block, and behind one in between that does not know it:
    ///
    /// ```text
    ///  ──▶ start(param) ──▶ again: instance ──▶ known ──▶ behind: both are used
    ///        ▲    └─▶ other ┐                     └─▶ never
    ///        └──────── 0 ───┘
    /// ```
    ///
    /// What branches off is never entered, since the instance is not null.
    pub fn waypoint(&mut self, b: &mut FunctionBuilder<'_>) {
        let blocks = b.func.dfg.num_blocks();
        if blocks - self.blocks < WAYPOINT_EVERY {
            return;
        }
        let [start, other, again] = [(); 3].map(|()| b.create_block());
        b.set_cold_block(other);
        let param = b.append_block_param(start, I64);
        let instance = self.instance(b);
        b.ins().jump(start, &block_args(&[instance]));
        b.switch_to_block(start);
        b.ins().brif(param, again, &[], other, &[]);
        b.seal_block(other);
        b.seal_block(again);
        b.switch_to_block(other);
        // Without it the parameter would be the instance, and go.
        let zero = b.ins().iconst(I64, 0);
        b.ins().jump(start, &block_args(&[zero]));
        b.seal_block(start);

        let [known, never, behind] = [(); 3].map(|()| b.create_block());
        b.set_cold_block(never);
        b.switch_to_block(again);
        let instance = self.instance(b);
        b.ins().jump(known, &[]);
        b.seal_block(known);
        b.switch_to_block(known);
        b.ins().brif(instance, behind, &[], never, &[]);
        b.seal_block(never);
        b.seal_block(behind);
        b.switch_to_block(never);
        b.ins().trap(trap(TrapCode::Unreachable));
        b.switch_to_block(behind);
        for value in [param, instance] {
            self.store(b, self.instance, value);
        }
        self.blocks = b.func.dfg.num_blocks();
    }

    /// Bytes of all homes.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// A call is made: what it may collect has other values afterwards.
    pub fn call(&mut self) {
        self.calls += 1;
    }

    /// Remembers that a value is a root.
    pub fn declare_root(&mut self, value: Value) {
        self.roots.insert(value);
    }

    fn home(&mut self, ty: Type, root: bool) -> Home {
        let bytes = ty.bytes();
        let offset = self.size.next_multiple_of(bytes);
        self.size = offset.saturating_add(bytes);
        Home { offset, ty, root }
    }

    /// The home of a local, which starts as zero unless it is a parameter.
    pub fn local(&mut self, index: u32, ty: Type, root: bool, param: bool) -> Home {
        if let Some(&home) = self.locals.get(&index) {
            return home;
        }
        let home = self.home(ty, root);
        self.locals.insert(index, home);
        if root || !param {
            self.zeroed.push(home);
        }
        home
    }

    fn operand(&mut self, depth: usize, ty: Type, root: bool) -> Home {
        let key = (depth as u32, ty.bytes(), root);
        if let Some(&home) = self.operands.get(&key) {
            return Home { ty, ..home };
        }
        let home = self.home(ty, root);
        self.operands.insert(key, home);
        if root {
            self.zeroed.push(home);
        }
        home
    }

    /// The address of the homes, taken once for each stretch of code without calls.
    fn base(&mut self, b: &mut FunctionBuilder<'_>) -> Value {
        let here = b.current_block().expect("code is put into a block");
        match self.base {
            Some((address, block, calls)) if block == here && calls == self.calls => address,
            _ => {
                let address = b.ins().stack_addr(I64, self.slot, 0);
                self.base = Some((address, here, self.calls));
                address
            }
        }
    }

    /// Loads what a home holds.
    pub fn load(&mut self, b: &mut FunctionBuilder<'_>, home: Home) -> Value {
        let base = self.base(b);
        let value = b.ins().load(home.ty, flags(), base, home.offset as i32);
        if home.root {
            b.declare_value_needs_stack_map(value);
            self.declare_root(value);
        }
        value
    }

    /// Stores a value to a home.
    pub fn store(&mut self, b: &mut FunctionBuilder<'_>, home: Home, value: Value) {
        let base = self.base(b);
        b.ins().store(flags(), value, base, home.offset as i32);
    }

    /// Stores an operand at its depth.
    pub fn keep(&mut self, b: &mut FunctionBuilder<'_>, depth: usize, value: Value) -> Kept {
        let ty = b.func.dfg.value_type(value);
        let root = self.roots.contains(&value);
        let home = self.operand(depth, ty, root);
        self.store(b, home, value);
        let block = b.current_block().expect("code is put into a block");
        self.kept += 1;
        let fresh = Fresh {
            value,
            block,
            calls: self.calls,
            kept: self.kept,
        };
        Kept {
            ty,
            root,
            fresh: Some(fresh),
        }
    }

    /// The value of an operand at this depth.
    pub fn peek(&mut self, b: &mut FunctionBuilder<'_>, depth: usize, kept: Kept) -> Value {
        match kept.fresh {
            Some(fresh)
                if fresh.calls == self.calls
                    && self.kept - fresh.kept < MOST_FRESH
                    && b.current_block() == Some(fresh.block) =>
            {
                fresh.value
            }
            _ => {
                let home = self.operand(depth, kept.ty, kept.root);
                self.load(b, home)
            }
        }
    }

    /// An operand is popped: its home lets go of it.
    pub fn release(&mut self, b: &mut FunctionBuilder<'_>, depth: usize, kept: Kept) {
        if kept.root {
            let home = self.operand(depth, kept.ty, true);
            let base = self.base(b);
            clear(&mut b.cursor(), base, home);
        }
    }

    /// Which local or operand each home is of that is for roots.
    pub fn names(&self) -> Vec<(StackSlot, u32, SlotHolds)> {
        let locals = self.locals.iter();
        let locals = locals.map(|(&local, home)| (home, SlotHolds::Local(local)));
        let operands = self.operands.iter();
        let operands = operands.map(|(&(depth, ..), home)| (home, SlotHolds::Operand(depth)));
        let roots = locals.chain(operands).filter(|(home, _)| home.root);
        let named = roots.map(|(home, holds)| (self.slot, home.offset, holds));
        let mut named: Vec<_> = named.collect();
        named.sort_unstable_by_key(|&(_, offset, _)| offset);
        named
    }

    /// Settles the frame's size, makes the homes zero that have to be at the
    /// function's start, and lists the roots. For finished functions.
    pub fn finish(self, function: &mut Function) -> Vec<(SlotKind, StackSlot, u32)> {
        function.sized_stack_slots[self.slot].size = self.size;
        let entry = function.layout.entry_block().expect("a finished function");
        let mut cursor = FuncCursor::new(function).at_first_insertion_point(entry);
        let mut roots = Vec::new();
        if self.zeroed.is_empty() {
            return roots;
        }
        let base = cursor.ins().stack_addr(I64, self.slot, 0);
        for home in self.zeroed {
            clear(&mut cursor, base, home);
            if home.root {
                let kind = root_kind(home.ty).expect("a root has a type of roots");
                roots.push((kind, self.slot, home.offset));
            }
        }
        roots
    }
}

fn flags() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

/// Fills a home with zeroes, given the address of all.
fn clear(cursor: &mut FuncCursor<'_>, base: Value, home: Home) {
    let bytes = home.ty.bytes();
    let ty = if bytes < 8 { I32 } else { I64 };
    let zero = cursor.ins().iconst(ty, 0);
    for at in (0..bytes).step_by(ty.bytes() as usize) {
        let offset = (home.offset + at) as i32;
        cursor.ins().store(flags(), zero, base, offset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::scanned;
    use cranelift_codegen::ir::{AbiParam, Signature, UserFuncName};
    use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
    use cranelift_frontend::FunctionBuilderContext;

    /// A function of blocks with a parameter each, with or without waypoints.
    fn function(blocks: usize, waypoints: bool) -> Function {
        let mut signature = Signature::new(CallConv::Tail);
        signature.params.push(AbiParam::new(I64));
        let mut function = Function::with_name_signature(UserFuncName::default(), signature);
        let mut context = FunctionBuilderContext::new();
        let mut b = FunctionBuilder::new(&mut function, &mut context);
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        b.seal_block(entry);
        let instance = b.block_params(entry)[0];
        let mut homes = Homes::new(&mut b, instance);
        for number in 0..blocks {
            let next = b.create_block();
            let param = b.append_block_param(next, I64);
            let value = b.ins().iconst(I64, number as i64);
            b.ins().jump(next, &block_args(&[value]));
            b.seal_block(next);
            b.switch_to_block(next);
            let home = homes.local(0, I64, false, true);
            homes.store(&mut b, home, param);
            if waypoints {
                homes.waypoint(&mut b);
            }
        }
        b.ins().return_(&[]);
        b.finalize(TargetFrontendConfig {
            default_call_conv: CallConv::Tail,
            pointer_width: target_lexicon::PointerWidth::U64,
            page_size_align_log2: 12,
        });
        homes.finish(&mut function);
        function
    }

    #[test]
    fn the_search_for_block_parameters_goes_on_at_waypoints() {
        let looked = |blocks, waypoints| scanned(&function(blocks, waypoints));
        let (once, twice) = (looked(4_000, true), looked(8_000, true));
        assert!(twice * 10 <= once * 23, "{once} and {twice}");
        // It would be the square without.
        let (once, twice) = (looked(4_000, false), looked(8_000, false));
        assert!(twice > once * 3, "{once} and {twice}");
    }
}
