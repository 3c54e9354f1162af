//! The embedding API of Mangrove, and the runtime behind it.
//!
//! ```text
//!  Engine     (engine)       settings, canonical types, code of host signatures
//!  Module     (module)       validated, admitted, compiled; (compiled) as a file
//!  Linker     (linker)       names ─▶ imports
//!  Store<T>   (store)        everything instances share; roots (roots, observe, report)
//!  Instance   (instance, instantiate, const_eval)
//!  Func       (func, call)   entering Wasm; (host, caller) being called by it
//!  ContHandle (continuation, resume) made, resumed and bound by the host
//!  Global, Tag, Table, Memory, Val; HeapHandle, ContHandle (handle)
//!  Trap       (trap, backtrace, signals, handlers); (source) lines from DWARF
//!  libcalls/                 what compiled code asks for
//! ```
//!
//! # Examples
//! ```
//! use mangrove::{Config, Engine, Linker, Module, Store, Val};
//!
//! # fn main() -> Result<(), mangrove::Error> {
//! let engine = Engine::new(&Config::new())?;
//! let text = b"(module (func (export \"double\") (param i32) (result i32)
//!     (i32.mul (local.get 0) (i32.const 2))))";
//! let module = Module::new(&engine, text)?;
//! let mut store = Store::new(&engine, ())?;
//! let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
//! let double = instance.func(&store, "double").expect("it is exported");
//! assert_eq!(double.call(&mut store, &[Val::I32(21)])?, [Val::I32(42)]);
//! # Ok(())
//! # }
//! ```

mod backtrace;
mod call;
mod caller;
mod code;
mod compiled;
mod config;
mod const_eval;
mod continuation;
mod convert;
mod descriptors;
mod engine;
mod error;
mod exception;
mod fault;
mod func;
mod global;
mod handle;
mod handlers;
mod host;
mod instance;
mod instantiate;
mod libcalls;
mod linker;
mod mapping;
mod memory;
mod module;
mod object;
mod observe;
mod parking;
mod pending;
mod report;
mod resource;
mod resume;
mod roots;
mod setup;
mod signals;
mod signature;
mod source;
mod space;
mod store;
mod table;
mod threads;
mod trap;
mod types;
mod values;

pub use caller::Caller;
pub use compiled::{CompiledError, MAGIC as COMPILED_MAGIC};
#[cfg(feature = "planted-defects")]
#[doc(hidden)]
pub use config::Defect;
pub use config::{Config, GuardKind, Hooks, MemoryChecks, MemoryLimit, OptLevel, Zeal};
pub use continuation::Outcome;
pub use engine::Engine;
pub use error::Error;
pub use exception::Exception;
pub use func::Func;
pub use global::{Global, Tag};
pub use handle::{ContHandle, HandleKind, HeapHandle};
pub use handlers::{SignalPolicy, SignalProblem};
pub use instance::{Extern, Instance};
pub use linker::Linker;
#[doc(hidden)]
pub use mangrove_abi::{Refusal, Request};
pub use mangrove_abi::{TrapCode, TypeId};
pub use mangrove_collector::admission::AdmissionError;
pub use mangrove_collector::{
    Activity, CodeName, FrameOwner, Link, ModuleId, Reason, ReportOptions, Root, RootKind,
    RootOwner, RootSet, RootValue, SortBy, Why,
};
pub use mangrove_continuation::{Ends, ParkPolicy, RegistryReport, State};
pub use mangrove_validate::{
    AbstractHeap, FuncType, GlobalType, HeapType, MemoryType, RefType, TableType, ValType,
    printable,
};
pub use memory::{Memory, PAGE};
pub use module::{ExternType, Module};
pub use observe::{Moment, Observer, StoreView};
pub use report::{ContinuationReport, ContinuationsReport, MadeFrom};
pub use resource::{Cause, NotingAllocator, ResourceError, exit_when_exhausted};
pub use source::SourceLine;
pub use space::{Bound, BoundSource};
pub use store::{AsStore, AsStoreMut, Store, StoreId};
pub use table::Table;
pub use trap::{Backtrace, BacktraceEntry, Frame, Place, Trap, TrapReason};
pub use types::TypeCounts;
pub use values::Val;
