//! The collector: finds every root of a store, exactly, and drives the heap.
//!
//! ```text
//!  Roots (globals, tables, handles, …) ─┐            ┌─▶ heap slots  ─▶ heap: copy, update
//!                                       ├─▶ marking ─┤
//!  the running chain ─▶ walk ─▶ slots ──┘     ▲      └─▶ continuation slots ─▶ registry: mark
//!                                             └── walk ◀── suspended continuations found live
//! ```
//!
//! A continuation's frames are looked at only once something live holds a
//! reference to it with its current revision; what is not found is reclaimed.
//! `walk` turns a record into frames and slots, `mark` decides which records
//! are walked, `collect` puts the phases of a collection in order; `minor` looks at
//! what ran or was written since the last one, and at nothing else. Two more
//! things use the same marking without moving anything: `roots` (the root set,
//! for people) and `verify`, with `clean` for what minor collections rely on. `report` tells what each continuation is and does, by
//! the `names` its caller looks up, and `why` it is alive; `graph` is everything that
//! lives and what it refers to, item by item, and `object_graph` the same as a value;
//! `survey` shows everything a store has, what it shows is in `surveyed`.
//! All of these look at the [`StoreParts`], and at roots beside them.
//! `phases` tells who listens of each phase of a collection as it ends.
//! [`admission`] keeps out modules with continuations in heap objects, unless the engine
//! lets objects hold them.

pub mod admission;
mod clean;
mod collect;
mod graph;
mod mark;
mod minor;
mod names;
mod object_graph;
mod parts;
mod phases;
mod report;
mod roots;
mod survey;
mod surveyed;
mod survivors;
mod verify;
mod walk;
mod why;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use collect::{CollectOptions, CollectionReport, collect};
pub use graph::{GraphItem, GraphTarget, LiveContinuation, graph, reachable, target};
pub use mark::ChainError;
pub use names::{Created, FunctionId, MadeFrom, Names, Place, SourceLine, WasmLocation, Within};
pub use object_graph::{EdgeLabel, GraphEdge, GraphNode, ObjectGraph, object_graph};
pub use parts::StoreParts;
pub use phases::{Phase, PhaseReport, Phases};
pub use report::{ContinuationReport, ContinuationsReport, ReportOptions, SortBy, continuations};
pub use roots::{Root, RootSet, RootValue, root_set};
pub use survey::{SurveyMarks, begin_survey, survey};
pub use surveyed::{
    SlotValue, SurveyTotals, SurveyedContinuation, SurveyedFrame, Surveyor, function_id,
};
pub use survivors::Survivors;
pub use verify::When;
pub use walk::WalkError;
pub use why::{Held, LINKS, Link, Reason, Why};

pub use mangrove_heap::{CollectionKind, HeapFigures, HeapSpace, ObjectInfo};

use mangrove_abi::index::or_zero;
use mangrove_abi::{
    CodeImage, CodeOffset, ContRef, FuncIndex, FunctionKind, Logged, TypeId, TypeIndex, WasmOffset,
};
use mangrove_heap::{HeapError, HeapViolation};
use serde::Serialize;
use std::fmt;

/// A module's number within its engine: what [`Code`] calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ModuleId(pub u32);

/// The code a return address can lie in.
///
/// # Safety
/// An image that is returned holds the code at that address, at that offset, and
/// its call sites are those of the code: their slots are where a frame stopped
/// there has its references, and nothing else has them.
pub unsafe trait Code {
    /// The image that holds `pc`, and its offset in the image's text.
    fn image_at(&self, pc: u64) -> Option<(&CodeImage, CodeOffset, ModuleId)>;
}

/// Everything that holds references outside of frames and bound arguments.
///
/// # Safety
/// What is shown are all such slots of the store, each once, each valid for reads
/// and writes until `visit` returns, and each with a reference of its kind.
pub unsafe trait Roots {
    /// Shows the visitor every slot: globals, tables, element segments, host
    /// handles. Each slot once.
    fn visit(&mut self, visitor: &mut dyn RootVisitor);
    /// Shows the visitor every slot that may hold a young reference, once or more: what
    /// the log has, what the cards of tables say, and what is new.
    fn visit_young(&mut self, logged: &[Logged], visitor: &mut dyn RootVisitor);
    /// Nothing young is left: no slot is in the log, new, or on a card that is set.
    /// `logged` is what the log had; none if it has lost entries.
    fn clean(&mut self, logged: Option<&[Logged]>);
    /// Everything that is kept has been found. References that keep nothing follow what
    /// they refer to, or are cleared: in a minor collection only those to young objects.
    fn sweep_weak(&mut self, survivors: &Survivors<'_, '_>);
}

/// Is shown slots, and may change what is in them.
pub trait RootVisitor {
    /// A slot with a heap reference.
    ///
    /// # Safety
    /// The slot is valid for reads and writes, and holds one.
    unsafe fn heap_ref(&mut self, owner: RootOwner, slot: *mut u32);
    /// A slot with a continuation reference, at any alignment.
    ///
    /// # Safety
    /// The slot is valid for reads and writes, and holds one.
    unsafe fn cont_ref(&mut self, owner: RootOwner, slot: *mut ContRef);
}

/// Who holds a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "owner", rename_all = "snake_case")]
pub enum RootOwner {
    /// A global.
    Global {
        /// The instance that defines it; none for one the host made.
        instance: Option<u32>,
        /// Its index there (or its number in the store).
        index: u32,
    },
    /// An element of a table.
    Table {
        /// The instance that defines it; none for one the host made.
        instance: Option<u32>,
        /// The table's index there (or its number in the store).
        index: u32,
        /// The element.
        element: u64,
    },
    /// An item of an element segment that has not been dropped.
    Element {
        /// The instance.
        instance: u32,
        /// The segment.
        segment: u32,
        /// The item.
        index: u32,
    },
    /// A host handle.
    Handle {
        /// Its number.
        index: u32,
    },
    /// An argument bound to a continuation.
    BoundArgument {
        /// The continuation's id.
        continuation: u32,
        /// Which argument.
        index: u32,
    },
    /// A slot of a frame.
    Frame(FrameOwner),
}

/// A slot of a frame of a continuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct FrameOwner {
    /// The continuation's id.
    pub continuation: u32,
    /// What it is doing.
    pub state: Activity,
    /// Which frame of the continuation, 0 for the innermost.
    pub frame: u32,
    /// The module whose code runs in the frame.
    pub module: ModuleId,
    /// The code.
    pub function: CodeName,
    /// The call in the Wasm module; none in a trampoline, which is serialized as 0.
    #[serde(serialize_with = "or_zero::serialize")]
    pub wasm_offset: Option<WasmOffset>,
    /// Bytes from the slot up to the frame pointer.
    pub distance: u32,
}

/// What a continuation with frames is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// It is the store's current one, and called the host.
    Running,
    /// It waits for one it resumed, or for the host, that has called Wasm again.
    Parent,
    /// It waits to be resumed.
    Suspended,
}

/// A [`FunctionKind`] in serializable form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "kind", content = "index", rename_all = "snake_case")]
pub enum CodeName {
    /// A function of the module, by index.
    Wasm(FuncIndex),
    /// The entry trampoline for a type, by type index.
    Entry(TypeIndex),
    /// The trampoline into host functions of a type, by type index.
    ToHost(TypeIndex),
    /// A routine the compiler adds.
    Helper,
    /// The stubs.
    Stubs,
}

impl From<FunctionKind> for CodeName {
    fn from(kind: FunctionKind) -> Self {
        match kind {
            FunctionKind::Wasm(index) => Self::Wasm(index),
            FunctionKind::Entry(index) => Self::Entry(index),
            FunctionKind::ToHost(index) => Self::ToHost(index),
            FunctionKind::Helper | FunctionKind::Search => Self::Helper,
            FunctionKind::Stubs | FunctionKind::Interrupt => Self::Stubs,
        }
    }
}

impl fmt::Display for CodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wasm(index) => write!(f, "Wasm({index})"),
            Self::Entry(index) => write!(f, "Entry({index})"),
            Self::ToHost(index) => write!(f, "ToHost({index})"),
            Self::Helper => f.write_str("Helper"),
            Self::Stubs => f.write_str("Stubs"),
        }
    }
}

impl fmt::Display for RootOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |instance: &Option<u32>| match instance {
            Some(instance) => format!("instance {instance}"),
            None => "the host".into(),
        };
        match self {
            Self::Global { instance, index } => write!(f, "global {index} of {}", of(instance)),
            Self::Table {
                instance,
                index,
                element,
            } => {
                write!(f, "element {element} of table {index} of {}", of(instance))
            }
            Self::Element {
                instance,
                segment,
                index,
            } => {
                write!(
                    f,
                    "item {index} of element segment {segment} of instance {instance}"
                )
            }
            Self::Handle { index } => write!(f, "host handle {index}"),
            Self::BoundArgument {
                continuation,
                index,
            } => {
                write!(f, "bound argument {index} of continuation {continuation}")
            }
            Self::Frame(owner) => write!(
                f,
                "slot fp-{} of frame {} of continuation {} ({} of module {}, offset {:#x})",
                owner.distance,
                owner.frame,
                owner.continuation,
                owner.function,
                owner.module.0,
                owner.wasm_offset.map_or(0, WasmOffset::as_u32)
            ),
        }
    }
}

/// Why roots could not be found or a collection failed. Unless it says
/// otherwise the store cannot be used further.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// A frame could not be understood.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// The running chain is not a chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The heap could not begin: it is as it was, and the store usable, unless
    /// this says [`HeapError::Broken`].
    #[error(transparent)]
    Heap(#[from] HeapError),
    /// The heap is not sound.
    #[error("{when}: {fault}")]
    HeapViolation {
        /// When this was found.
        when: When,
        /// What is wrong.
        #[source]
        fault: HeapViolation,
    },
    /// A root refers to something that is no object.
    #[error("{when}: {owner} holds {value:#x}, which is no object")]
    BadRoot {
        /// When this was found.
        when: When,
        /// Who holds it.
        owner: RootOwner,
        /// The reference.
        value: u32,
    },
    /// A heap object holds a continuation reference that none can be.
    #[error(
        "{when}: the object at {object:#x} of type {type_id} holds, at offset {offset}, what is no \
         reference to a continuation of this store"
    )]
    BadContinuation {
        /// When this was found.
        when: When,
        /// The object.
        object: u32,
        /// Its type.
        type_id: TypeId,
        /// Where in it.
        offset: u32,
    },
    /// The collection took other continuations for live than those in reach.
    #[error(
        "after the collection: {reachable} continuations were in reach, and {marked} were kept"
    )]
    Reached {
        /// How many were in reach before it.
        reachable: u64,
        /// How many it kept.
        marked: u64,
    },
    /// A root that a minor collection would not look at refers to a young object.
    #[error("{when}: {owner} holds {value:#x}, which is young, and does not count as changed")]
    YoungRoot {
        /// When this was found.
        when: When,
        /// Who holds it.
        owner: RootOwner,
        /// The reference.
        value: u32,
    },
    /// A record says that it is in the log and is not, or the other way round.
    #[error("{when}: continuation {continuation} is not what the log says of it")]
    Log {
        /// When this was found.
        when: When,
        /// The continuation's id.
        continuation: u32,
    },
    /// The registry is not sound.
    #[error("{when}: {fault}")]
    Registry {
        /// When this was found.
        when: When,
        /// What is wrong.
        #[source]
        fault: mangrove_continuation::RegistryViolation,
    },
}
