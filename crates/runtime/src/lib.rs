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
//!  6  setup reset                      a store is made, and made as new, with
//!     libcalls/ host_call              what compiled code asks for
//!     host_suspend host_clone
//!  5  call resume continuation func    entering Wasm; typed/ with values of known types
//!     leaving caller                   the way back; who called the host
//!     cloning
//!     instantiate const_eval externs   instances
//!     object objects/ exceptions       objects
//!     convert scope                    values, and what keeps them
//!     global table memory
//!     roots verify_weak                the collector
//!     parking switching                parking, zeal
//!     unwind fault backtrace           what when it goes wrong
//!     growth heap_room                 who is asked for more
//!     notify telling inspect report    who looks
//!     walk statistics
//!     interrupt                        when the time is over
//!     describe called                  and what people see
//!  4  store                            everything instances share
//!  3  module instance elements host    what a store holds …
//!     table/entry memory/entry store_code rooted weak host_values
//!     pending activation outcome       … and what is under way
//!     limiter policy                   whom it asks
//!     interruption answer watch event
//!  2  engine types descriptors         what stores of an engine share
//!     kind signature shape layout code heap_type type_text
//!     signals handlers ctrl_c          what all of a process share
//!  1  error objects/error refusals settings plan ledger zeal
//!  0  id scopes aged handle value exception trap source bound resource/ compiled_error custom_error
//!     mapping file trace
//! ```

mod activation;
mod aged;
mod answer;
mod backtrace;
mod bound;
mod call;
mod called;
mod caller;
mod cloning;
mod code;
mod compiled_error;
mod const_eval;
mod continuation;
mod convert;
mod ctrl_c;
mod custom_error;
mod describe;
mod descriptors;
mod elements;
mod engine;
mod error;
mod error_debug;
mod event;
mod exception;
mod exceptions;
mod externs;
mod fault;
mod file;
mod func;
mod global;
mod growth;
mod handle;
mod handlers;
mod heap_room;
mod heap_type;
mod host;
mod host_call;
mod host_clone;
mod host_suspend;
mod host_values;
mod id;
mod inspect;
mod instance;
mod instantiate;
mod interrupt;
mod interruption;
mod kind;
mod layout;
mod leaving;
mod ledger;
mod libcalls;
mod limiter;
mod mapping;
mod memory;
mod module;
mod notify;
mod object;
mod objects;
mod outcome;
mod parking;
mod pending;
mod plan;
mod policy;
mod refusals;
mod report;
mod reset;
mod resource;
mod resume;
mod rooted;
mod roots;
mod scope;
mod scopes;
mod settings;
mod setup;
mod shape;
mod signals;
mod signature;
mod source;
mod statistics;
mod store;
mod store_code;
mod survey;
mod switching;
mod table;
mod telling;
#[cfg(test)]
mod tests;
#[doc(hidden)]
pub mod trace;
mod trap;
mod type_text;
mod typed;
mod types;
mod unwind;
mod value;
mod verify_weak;
mod walk;
mod watch;
mod weak;
mod zeal;

pub use answer::HostAnswer;
pub use bound::{Bound, BoundSource};
pub use code::LoadedCode;
pub use compiled_error::CompiledError;
pub use ctrl_c::{ctrl_c_came, interrupt_on_ctrl_c};
pub use custom_error::CustomError;
pub use describe::{ExceptionDisplay, ValDisplay};
pub use engine::{CompileHost, EngineCore};
pub use error::{Error, InvalidPlace, TextPosition};
pub use event::{Counts, Entering, Event, EventKind, Listener};
pub use exception::Exception;
pub use externs::{ExternType, extern_type};
pub use file::MappedFile;
pub use handle::{ContHandle, Extern, Func, Global, HandleKind, HeapHandle, Memory, Table, Tag};
pub use handlers::{
    SignalPolicy, SignalProblem, prepare as prepare_signals, problems as signal_problems,
};
pub use heap_type::{ArrayType, AsEngine, StructType};
pub use host::HostBody;
pub use host_call::ErasedBody;
pub use host_suspend::SuspendingBody;
pub use id::{StoreId, StorePtr};
pub use instantiate::{import_mismatch, import_text};
pub use interruption::{Callback, UpdateDeadline};
pub use limiter::{ErasedLimiter, ResourceLimiter};
pub use memory::entry::PAGE;
pub use module::ModuleImage;
pub use objects::array_ref::ArrayRef;
pub use objects::element::Element;
pub use objects::error::ObjectError;
pub use objects::extern_ref::ExternRef;
pub use objects::struct_ref::StructRef;
pub use objects::weak_ref::{DeathQueue, WeakContHandle, WeakHandle};
pub use outcome::{Handler, Outcome};
pub use plan::Plan;
pub use policy::{CollectionCause, CollectionDecision, CollectionDue, CollectionPolicy, NextAsk};
pub use resource::cause::Cause;
pub use resource::error::ResourceError;
pub use resource::exhaustion::{NotingAllocator, exit_when_exhausted};
pub use resource::file_size::ignore_file_size_signal;
pub use scope::RootScope;
pub use settings::{MemoryChecks, MemoryLimit, Settings};
pub use setup::new_store;
pub use source::{MappedLine, SourceLines, TextLine, TextLines};
pub use statistics::{Amount, HeapStatistics, TypeStatistics};
pub use store::{AsStore, AsStoreMut, DataStore, HostStore, StoreInner, WrapStore, inner, insides};
pub use survey::{
    Content, Dead, FieldInfo, FieldStorage, FixedPlace, ObjectTypeInfo, StoreNames, SurveyItem,
    SurveyOptions, SurveySummary, SurveyedObject,
};
pub use trap::{Backtrace, BacktraceEntry, Frame, HeapRefuser, Trap, TrapReason};
pub use typed::{
    AnyRef, ExnRef, TypedFunc, WasmList, WasmParams, WasmRef, WasmResults, WasmRet, WasmTy,
};
pub use types::TypeCounts;
pub use value::Val;
pub use walk::{HeapReference, HeapWalk, LiveObject, ObjectKind};
pub use watch::{Moment, Watch};
pub use zeal::Zeal;
