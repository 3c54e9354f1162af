//! Which functions are worth inlining, and where.
//!
//! A call costs a few nanoseconds' worth of instructions on both sides, and hides what its
//! arguments are. Compilers of languages with garbage collection leave thousands of functions
//! of a few instructions: accessors, constructors, casts, wrappers. Those are translated in
//! place of their calls ([`crate::func::inline`]).
//!
//! The size of a function here is what its body costs in machine code, in units of about
//! one instruction of Wasm that computes something. Nothing is known of how often a call
//! is executed but whether it lies in a loop.

use crate::CompileError;
use mangrove_abi::{FuncIndex, TypeIndex};
use mangrove_validate::ParsedModule;
use std::ops::Range;
use wasmparser::{BinaryReader, BlockType, FunctionBody, Operator};

/// Bodies with more bytes are not looked at.
const MOST_BYTES: usize = 256;
/// Locals that an inlined function may have, beside its parameters: each is set to zero.
const MOST_LOCALS: u32 = 16;
/// Values that an instruction takes and gives without being larger for it.
const NARROW: u32 = 8;
/// Size up to which a call is always worth it: the call itself takes as much.
const TINY: u32 = 6;
/// The most size elsewhere.
const SMALL: u32 = 16;
/// The most size in a loop.
const IN_LOOP: u32 = 40;
/// How deep inlined calls may lie in each other.
const MOST_DEPTH: usize = 5;
/// How often a function may be in itself.
const MOST_AGAIN: usize = 1;
/// What all calls that are inlined in a function may have together: as much as this,
const LEAST_BUDGET: u32 = 200;
/// and for each four bytes of its body one more.
const BYTES_PER_UNIT: usize = 4;

/// The candidates of a module.
#[derive(Debug, Default)]
pub struct Candidates {
    imported: u32,
    /// Of each body its size, if it is small.
    sizes: Vec<Option<u32>>,
}

impl Candidates {
    /// Looks at the small bodies of a module.
    ///
    /// # Errors
    /// A body cannot be read: the module was not validated.
    pub fn find(module: &ParsedModule) -> Result<Self, CompileError> {
        let bodies = module.bodies.iter();
        let sizes = bodies.map(|body| size_of(module, &body.range));
        let imported = module.imported_functions;
        Ok(Self {
            imported,
            sizes: sizes.collect::<Result<_, _>>()?,
        })
    }

    /// The size of a function, if it is a candidate.
    pub fn get(&self, function: FuncIndex) -> Option<u32> {
        let defined = function.as_u32().checked_sub(self.imported)?;
        *self.sizes.get(defined as usize)?
    }
}

/// The size of a body; none if it is too large.
fn size_of(module: &ParsedModule, range: &Range<usize>) -> Result<Option<u32>, CompileError> {
    if range.len() > MOST_BYTES {
        return Ok(None);
    }
    let bytes = &module.bytes[range.clone()];
    let body = FunctionBody::new(BinaryReader::new(bytes, range.start as u64));
    let mut locals = 0u32;
    for declared in body.get_locals_reader()? {
        locals = locals.saturating_add(declared?.0);
    }
    if locals > MOST_LOCALS {
        return Ok(None);
    }
    let mut sum = 0;
    for operator in body.get_operators_reader()? {
        let operator = operator?;
        sum += size(&operator) + wide(module, &operator);
    }
    Ok((sum <= IN_LOOP).then_some(sum))
}

/// What an instruction takes, as far as that can be told from it alone.
fn size(operator: &Operator<'_>) -> u32 {
    use Operator as O;
    match operator {
        O::Nop
        | O::Drop
        | O::End
        | O::Block { .. }
        | O::Return
        | O::Unreachable
        | O::LocalGet { .. }
        | O::LocalSet { .. }
        | O::LocalTee { .. }
        | O::I32Const { .. }
        | O::I64Const { .. }
        | O::F32Const { .. }
        | O::F64Const { .. }
        | O::RefNull { .. } => 0,
        O::Call { .. } | O::ReturnCall { .. } => 4,
        O::CallRef { .. } | O::ReturnCallRef { .. } => 5,
        O::StructSet { .. }
        | O::ArraySet { .. }
        | O::ArrayGet { .. }
        | O::RefCastNonNull { .. }
        | O::RefCastNullable { .. }
        | O::RefTestNonNull { .. }
        | O::RefTestNullable { .. } => 3,
        O::CallIndirect { .. } | O::ReturnCallIndirect { .. } => 9,
        O::StructNew { .. } | O::StructNewDefault { .. } | O::Suspend { .. } => 8,
        O::Resume { .. }
        | O::ResumeThrow { .. }
        | O::ResumeThrowRef { .. }
        | O::Switch { .. }
        | O::ArrayNew { .. }
        | O::ArrayNewDefault { .. }
        | O::ArrayNewFixed { .. }
        | O::ArrayNewData { .. }
        | O::ArrayNewElem { .. }
        | O::Throw { .. }
        | O::BrTable { .. }
        | O::TryTable { .. } => 12,
        O::ContNew { .. } | O::ContBind { .. } => 5,
        _ => 1,
    }
}

/// What comes on top for the values that it takes and gives, of which its type may name a
/// thousand in a byte.
fn wide(module: &ParsedModule, operator: &Operator<'_>) -> u32 {
    use Operator as O;
    let ty = match *operator {
        O::Block { blockty } | O::Loop { blockty } | O::If { blockty } => match blockty {
            BlockType::FuncType(ty) => TypeIndex::new(ty),
            BlockType::Empty | BlockType::Type(_) => return 0,
        },
        O::TryTable { ref try_table } => match try_table.ty {
            BlockType::FuncType(ty) => TypeIndex::new(ty),
            BlockType::Empty | BlockType::Type(_) => return 0,
        },
        O::Call { function_index: f } | O::ReturnCall { function_index: f } => {
            module.functions[f as usize]
        }
        O::CallRef { type_index: ty }
        | O::ReturnCallRef { type_index: ty }
        | O::CallIndirect { type_index: ty, .. }
        | O::ReturnCallIndirect { type_index: ty, .. } => TypeIndex::new(ty),
        O::Throw { tag_index: tag } | O::Suspend { tag_index: tag } => module.tags[tag as usize],
        _ => return 0,
    };
    let ty = module.func_type(ty);
    ((ty.params.len() + ty.results.len()) as u32).saturating_sub(NARROW)
}

/// What may still be inlined in one function.
#[derive(Clone, Copy, Debug)]
pub struct Budget(u32);

impl Budget {
    /// For a body of so many bytes.
    pub fn of_body(bytes: usize) -> Self {
        Self(LEAST_BUDGET.saturating_add((bytes / BYTES_PER_UNIT) as u32))
    }

    /// Whether a call is worth inlining that lies in `depth` inlined calls already, `again`
    /// of the same function; it is paid for then.
    pub fn take(&mut self, size: u32, depth: usize, again: usize, in_loop: bool) -> bool {
        if depth >= MOST_DEPTH || again > MOST_AGAIN {
            return false;
        }
        let most = match in_loop {
            true => IN_LOOP >> depth.min(2),
            false => SMALL >> depth.min(2),
        };
        if size > most.max(TINY) || size > self.0 {
            return false;
        }
        self.0 -= size;
        true
    }
}
