//! What is unsafe behind the embedding API: stores, calls in both directions,
//! libcalls, collections, faults.
//!
//! Applications use the crate `mangrove`, which shows what of this is sound; this
//! crate does not know the compiler. A file names files of its own level and lower
//! ones only, and no two files name each other. What a store holds is below the store; what
//! is done with it is above, in methods of [`StoreInner`] and of the handles, so that
//! nobody has to name those files.
//!
//! ```text
//!  6  setup                            a store is made, with
//!     libcalls/ host_call              what compiled code asks for
//!     host_suspend host_clone
//!  5  call resume continuation func    entering Wasm
//!     cloning
//!     instantiate const_eval externs   instances
//!     object exceptions convert        values and objects
//!     global table memory
//!     roots parking switching          the collector, zeal
//!     unwind fault backtrace           what when it goes wrong
//!     notify inspect report            who looks
//!  4  store                            everything instances share
//!  3  module instance elements host    what a store holds …
//!     table/entry memory/entry store_code rooted
//!     pending activation outcome       … and what is under way
//!     answer watch
//!  2  engine types descriptors         what stores of an engine share
//!     kind signature shape code
//!     signals handlers                 what all of a process share
//!  1  error refusals settings plan ledger
//!  0  id handle value exception trap source bound resource/ compiled_error mapping trace
//! ```

mod activation;
mod answer;
mod backtrace;
mod bound;
mod call;
mod cloning;
mod code;
mod compiled_error;
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
mod host_clone;
mod host_suspend;
mod id;
mod inspect;
mod instance;
mod instantiate;
mod kind;
mod ledger;
mod libcalls;
mod mapping;
mod memory;
mod module;
mod notify;
mod object;
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
mod settings;
mod setup;
mod shape;
mod signals;
mod signature;
mod source;
mod store;
mod store_code;
mod switching;
mod table;
#[doc(hidden)]
pub mod trace;
mod trap;
mod types;
mod unwind;
mod value;
mod watch;

pub use answer::HostAnswer;
pub use bound::{Bound, BoundSource};
pub use code::LoadedCode;
pub use compiled_error::CompiledError;
pub use engine::{CompileHost, EngineCore};
pub use error::Error;
pub use exception::Exception;
pub use externs::{ExternType, extern_type};
pub use handle::{ContHandle, Extern, Func, Global, HandleKind, HeapHandle, Memory, Table, Tag};
pub use handlers::{
    SignalPolicy, SignalProblem, prepare as prepare_signals, problems as signal_problems,
};
pub use host::{ErasedBody, HostBody, SuspendingBody};
pub use id::{StoreId, StorePtr};
pub use memory::entry::PAGE;
pub use module::ModuleImage;
pub use outcome::{Handler, Outcome};
pub use plan::Plan;
pub use resource::cause::Cause;
pub use resource::error::ResourceError;
pub use resource::exhaustion::{NotingAllocator, exit_when_exhausted};
pub use resource::file_size::ignore_file_size_signal;
pub use settings::{MemoryChecks, MemoryLimit, Settings, Zeal};
pub use setup::new_store;
pub use store::{AsStore, AsStoreMut, HostStore, StoreInner, inner, insides};
pub use trap::{Backtrace, BacktraceEntry, Frame, Trap, TrapReason};
pub use types::TypeCounts;
pub use value::Val;
pub use watch::{Moment, Watch};
