//! A compiled function as data: its code, what the code refers to, and what is
//! said beside it.

use crate::cost::Work;
use crate::positions::Positions;
use cranelift_codegen::MachBufferFinalized;
use cranelift_codegen::ir::{self, UserExternalName};
use mangrove_abi::{
    FuncIndex, FunctionKind, InlinedCall, NamedSlot, Slot, SlotHolds, SlotKind, TagIndex, TrapCode,
    WasmOffset,
};

/// What a call in compiled code refers to. The linker resolves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Callee {
    /// A function defined by the module.
    Wasm(FuncIndex),
    /// The host-call stub.
    CallHost,
    /// The stub that leaves a stack for good.
    Finish,
    /// A switch site: the call becomes a jump to a thunk of its own.
    Switch,
    /// The shared handler search.
    FindHandler,
    /// The part of it that is seldom needed.
    Search,
    /// The stub that asks what becomes of what runs.
    Interrupt,
}

impl Callee {
    const STUBS: u32 = 1;

    /// The name CLIF knows it by.
    pub fn name(self) -> UserExternalName {
        let (namespace, index) = match self {
            Self::Wasm(index) => (0, index.as_u32()),
            Self::CallHost => (Self::STUBS, 0),
            Self::Finish => (Self::STUBS, 1),
            Self::Switch => (Self::STUBS, 2),
            Self::FindHandler => (Self::STUBS, 3),
            Self::Search => (Self::STUBS, 4),
            Self::Interrupt => (Self::STUBS, 5),
        };
        UserExternalName::new(namespace, index)
    }

    /// The callee of a name.
    pub fn from_name(name: &UserExternalName) -> Option<Self> {
        match (name.namespace, name.index) {
            (0, index) => Some(Self::Wasm(FuncIndex::new(index))),
            (Self::STUBS, 0) => Some(Self::CallHost),
            (Self::STUBS, 1) => Some(Self::Finish),
            (Self::STUBS, 2) => Some(Self::Switch),
            (Self::STUBS, 3) => Some(Self::FindHandler),
            (Self::STUBS, 4) => Some(Self::Search),
            (Self::STUBS, 5) => Some(Self::Interrupt),
            _ => None,
        }
    }
}

/// A 32-bit pc-relative reference to be filled in.
#[derive(Clone, Copy, Debug)]
pub struct Relocation {
    /// Offset of the 4 bytes in the function.
    pub offset: u32,
    /// What is meant.
    pub callee: Callee,
    /// Added to the distance.
    pub addend: i64,
}

/// A call that can return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Offset of the return address in the function.
    pub offset: u32,
    /// The instruction, if it is one.
    pub wasm_offset: Option<WasmOffset>,
    /// What is live there.
    pub slots: Vec<Slot>,
    /// What is known of those.
    pub names: Vec<NamedSlot>,
    /// Where it catches, inside a `try_table`.
    pub catch: Option<Catch>,
}

/// What becomes a [`mangrove_abi::CatchSite`] where the function is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Catch {
    /// As there.
    pub frame_size: u32,
    /// As there.
    pub instance_distance: u32,
    /// Offset of the catch block in the function.
    pub block: u32,
    /// Number of the innermost scope in the function's list.
    pub scope: u32,
}

/// The clauses of one `try_table`: see [`mangrove_abi::SiteTable::catches`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatchScope {
    /// The tags, in the order they are tried; none for a clause that catches all.
    pub clauses: Vec<Option<TagIndex>>,
    /// The scope around it, which comes earlier in the function's list.
    pub around: Option<u32>,
}

/// What a function's translation says beside the CLIF.
#[derive(Debug, Default)]
pub struct Beside {
    /// The scopes of its `try_table`s.
    pub scopes: Vec<CatchScope>,
    /// Roots that lie in the frame at every call: kind, slot, and offset in it.
    pub homes: Vec<(SlotKind, ir::StackSlot, u32)>,
    /// What is known of those: slot, offset in it.
    pub home_names: Vec<(ir::StackSlot, u32, SlotHolds)>,
    /// What its source positions stand for.
    pub positions: Positions,
    /// Where the frame's instance lies while a function is called that may be the host's.
    pub instance: Option<ir::StackSlot>,
}

/// A function's code and metadata; offsets are relative to its start.
#[derive(Clone, Debug)]
pub struct CompiledFunc {
    /// What it is.
    pub kind: FunctionKind,
    /// The code.
    pub code: Vec<u8>,
    /// References to other code.
    pub relocations: Vec<Relocation>,
    /// Calls that can return.
    pub sites: Vec<Site>,
    /// The scopes that its sites name where they catch.
    pub scopes: Vec<CatchScope>,
    /// What is live at each of its sites besides the site's own slots.
    pub homes: Vec<Slot>,
    /// What is known of those.
    pub home_names: Vec<NamedSlot>,
    /// As [`mangrove_abi::FunctionCode::instance_distance`].
    pub instance_distance: u32,
    /// Instructions that may trap.
    pub traps: Vec<(u32, TrapCode)>,
    /// Where each stretch of code begins, and the instruction it is of.
    pub positions: Vec<(u32, Option<WasmOffset>)>,
    /// The calls that were inlined.
    pub inlined: Vec<InlinedCall>,
    /// Code of inlined calls: where it begins and ends, and the number of the call.
    pub inlined_code: Vec<(u32, u32, u32)>,
}

/// How a function is finished.
#[derive(Clone, Copy, Debug)]
pub enum Finished {
    /// Optimised as asked for, if it is within these limits.
    Values(Work),
    /// Not optimised: its values are in homes.
    Homes,
}

/// Finished code of one function.
pub type Buffer = MachBufferFinalized<cranelift_codegen::Final>;
