//! What compiled code and the runtime both see.
//!
//! Everything here is a fact two sides must agree on: compiled code addresses
//! these structures by offset, the runtime by field. Offsets come from
//! `offset_of!` on the types themselves and are typed nowhere else.
//!
//! ```text
//!  InstanceContext ──store──▶ StoreContext ──current──▶ ContRecord ──parent──▶ ContRecord …
//!   (context, layout)          (context)                 (record)
//!        │                          │
//!        │ types, functions,        └─ allocation window, heap base, type descriptors,
//!        │ globals, tables,            libcall table, transfer area
//!        ▼ memories, tags, handlers
//!  CodeImage: text + sites (stack maps) + traps + source positions   (image, site, trap)
//! ```
//!
//! Both also go by one rule of how values travel (value). Besides, what heap and stacks both want of the system in tests
//! (refusal), and what tests want them to do wrong (defect).
//! This crate holds no algorithm that needs a heap, a stack or a compiler.

/// Bytes of the smallest page of the machines this project runs on. The pages the
/// kernel hands out may be larger; what must fit into one whichever they are, and
/// what is counted in pages before anyone asks the kernel, goes by this.
pub const PAGE_MIN: u64 = 4096;

pub mod context;
#[doc(hidden)]
pub mod defect;
pub mod image;
pub mod index;
pub mod inlined;
#[cfg(miri)]
#[doc(hidden)]
pub mod interpreted;
pub mod layout;
pub mod libcall;
pub mod log;
pub mod object;
pub mod record;
pub mod refusal;
pub mod site;
pub mod slot_names;
pub mod trap;
pub mod value;

pub use context::{
    ContRef, FuncRef, GlobalCell, HostContext, InstanceContext, Leaving, MemoryDef, StoreContext,
    TRANSFER_SLOTS, TableDef, TagDef, TransferSlot,
};
#[doc(hidden)]
pub use defect::{Defect, Noted, Waking};
pub use image::{
    CodeImage, FunctionCode, FunctionKind, HostKind, ProgramFrames, SourcePosition, StubImage,
};
pub use index::{CodeOffset, FuncIndex, RecordId, TagIndex, TypeId, TypeIndex, WasmOffset};
pub use inlined::{InlinedCall, InlinedCalls};
pub use layout::{InstanceCounts, InstanceLayout};
pub use libcall::{Libcall, LibcallResult};
pub use log::Logged;
pub use object::{HeapRef, Kind, StructLayout, TypeDescriptor};
pub use record::{ContRecord, HandlerTable, RecordState, reason};
pub use refusal::{List, Refusal, Request, Requests, make_room};
pub use site::{CallSite, CatchSite, SiteTable, SiteTableBuilder, Slot, Slots};
pub use slot_names::{NamedSlot, SlotContent, SlotHolds, SlotNames};
pub use trap::{TrapCode, TrapSite};
pub use value::{Repr, SlotKind};
