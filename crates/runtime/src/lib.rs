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

mod access;
mod activation;
mod backtrace;
mod bound;
mod call;
mod code;
mod compiled;
mod compiled_error;
mod config;
mod const_eval;
mod continuation;
mod convert;
mod descriptors;
mod elements;
mod engine;
mod error;
mod exception;
mod exceptions;
mod externs;
mod fault;
mod func;
mod global;
mod handle;
mod handlers;
mod host;
mod host_call;
mod id;
mod instance;
mod instances;
mod instantiate;
mod kind;
mod ledger;
mod libcalls;
mod linker;
mod mapping;
mod memory;
mod module;
mod notify;
mod object;
mod observe;
mod outcome;
mod parking;
mod pending;
mod plan;
mod refusals;
mod report;
mod resource;
mod resume;
mod rooted;
mod roots;
mod setup;
mod shape;
mod signals;
mod signature;
mod source;
mod store;
mod store_code;
mod switching;
mod table;
mod threads;
mod trace;
mod trap;
mod types;
mod unwind;
mod value;
mod watch;

pub use access::Caller;
pub use access::Observer;
pub use access::Store;
pub use access::StoreView;
pub use bound::{Bound, BoundSource};
pub use compiled::MAGIC as COMPILED_MAGIC;
pub use compiled_error::CompiledError;
#[cfg(feature = "planted-defects")]
#[doc(hidden)]
pub use config::Defect;
pub use config::{Config, GuardKind, Hooks, MemoryChecks, MemoryLimit, OptLevel, Zeal};
pub use engine::Engine;
pub use error::Error;
pub use exception::Exception;
pub use externs::ExternType;
pub use handle::{ContHandle, Extern, Func, Global, HandleKind, HeapHandle, Memory, Table, Tag};
pub use handlers::{SignalPolicy, SignalProblem};
pub use id::StoreId;
pub use instances::Instance;
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
pub use memory::entry::PAGE;
pub use module::Module;
pub use outcome::Outcome;
pub use report::{ContinuationReport, ContinuationsReport, MadeFrom};
pub use resource::cause::Cause;
pub use resource::error::ResourceError;
pub use resource::exhaustion::{NotingAllocator, exit_when_exhausted};
pub use source::SourceLine;
pub use store::{AsStore, AsStoreMut};
pub use trap::{Backtrace, BacktraceEntry, Frame, Place, Trap, TrapReason};
pub use types::TypeCounts;
pub use value::Val;
pub use watch::Moment;
