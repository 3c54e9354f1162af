//! The embedding API of Mangrove.
//!
//! ```text
//!  Engine     (engine)     settings (config), canonical types, threads to compile with
//!  Module     (module)     validated, admitted, compiled; (compiled) as a file
//!  Linker     (linker)     names ─▶ imports; (names) what they stand for;
//!                          (linking) instances; (instance_pre) prepared ones
//!  Store<T>   (access)     everything instances share, and data of the embedder's;
//!                          Caller<T> is a host function's access (caller), StoreView an
//!                          observer's
//!  Instance   (instance)
//!             (observe)    who is told when something happens in a store
//!             (look)       what of a store can be looked at; (reports) what that is told in
//!             (upkeep)     what a store counts, and can be told to do
//!             (limits, schedule)  who has a say in what it takes, and when it collects
//!             (stop)       moments of a run, as they are written, and who waits for them
//!             (interruption) when it is interrupted, and what becomes of what ran
//!             (input)      files of unknown length
//!             (wrap)       closures as host functions
//!             (exit)       a program's own end
//!  Func, Global, Tag, Table, Memory, Val; HeapHandle, ContHandle; Error, Trap
//!                          (of the crate mangrove-runtime, which runs it all)
//! ```
//!
//! This crate is safe Rust but for two files: `access`, where data of type `T` becomes
//! a pointer and back, and `trusted`, where machine code is taken at its word.
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

#![deny(unsafe_code)]

mod access;
mod caller;
mod compiled;
mod config;
mod engine;
mod exit;
mod input;
mod instance;
mod instance_pre;
mod interruption;
mod limits;
mod linker;
mod linking;
mod look;
mod module;
mod names;
mod observe;
mod reports;
mod schedule;
mod stop;
mod text;
mod threads;
mod trusted;
mod upkeep;
mod weak_module;
mod wrap;

pub use access::{Caller, Observer, Store, StoreView};
pub use compiled::MAGIC as COMPILED_MAGIC;
pub use config::Config;
pub use engine::Engine;
pub use exit::I32Exit;
pub use input::{MOST_INPUT, read_file, read_input};
pub use instance::Instance;
pub use instance_pre::InstancePre;
pub use limits::{StoreLimits, StoreLimitsBuilder};
pub use linker::Linker;
pub use linking::UnknownImport;
#[cfg(feature = "planted-defects")]
#[doc(hidden)]
pub use mangrove_abi::{Defect, Noted, Waking};
#[doc(hidden)]
pub use mangrove_abi::{Refusal, Request};
pub use mangrove_runtime::{
    Amount, AnyRef, ArrayRef, ArrayType, AsEngine, AsStore, AsStoreMut, Backtrace, BacktraceEntry,
    Bound, BoundSource, Cause, CollectionCause, CollectionDecision, CollectionDue,
    CollectionPolicy, CompiledError, ContHandle, Content, Counts, CustomError, DataStore, Dead,
    DeathQueue, Element, Entering, Error, Event, EventKind, Exception, ExceptionDisplay, ExnRef,
    Extern, ExternRef, ExternType, FieldInfo, FieldStorage, FixedPlace, Frame, Func, Global,
    HandleKind, Handler, HeapHandle, HeapReference, HeapRefuser, HeapStatistics, HeapWalk,
    HostAnswer, HostStore, InvalidPlace, LiveObject, MappedLine, Memory, MemoryChecks, MemoryLimit,
    Moment, NextAsk, NotingAllocator, ObjectError, ObjectKind, ObjectTypeInfo, Outcome, PAGE,
    ResourceError, ResourceLimiter, RootScope, SignalPolicy, SignalProblem, SourceLines, StoreId,
    StoreNames, StructRef, StructType, SurveyItem, SurveyOptions, SurveySummary, SurveyedObject,
    Table, Tag, TextPosition, Trap, TrapReason, TypeCounts, TypeStatistics, TypedFunc,
    UpdateDeadline, Val, WasmList, WasmParams, WasmRef, WasmResults, WasmRet, WasmTy,
    WeakContHandle, WeakHandle, WrapStore, Zeal, ctrl_c_came, exit_when_exhausted,
    ignore_file_size_signal,
};
pub use mangrove_validate::printable;
pub use module::{ExportType, ImportType, Module};
pub use reports::{
    AbstractHeap, Activity, AdmissionError, CodeName, CodeOffset, CollectionKind, CollectionReport,
    ContinuationReport, ContinuationsInObjects, ContinuationsReport, Created, EdgeLabel, End, Ends,
    FieldType, FrameOwner, FuncIndex, FuncType, FunctionId, GlobalType, GraphEdge, GraphItem,
    GraphNode, GraphTarget, GuardKind, HeapFigures, HeapSpace, HeapType, Held, Hooks, Link,
    LiveContinuation, MadeFrom, MemoryType, ModuleId, ObjectGraph, ObjectInfo, OptLevel,
    ParkPolicy, Phase, PhaseReport, Place, Reason, RefType, RegistryReport, ReportOptions, Root,
    RootKind, RootOwner, RootSet, RootValue, SlotContent, SlotHolds, SortBy, SourceLine, State,
    StorageType, SurveyTotals, SurveyedContinuation, SurveyedFrame, TableType, TrapCode, TypeId,
    TypeIndex, ValType, WasmLocation, WasmOffset, Why, Within,
};
pub use schedule::Schedule;
pub use stop::{HookPlace, Missed, ParseStopError, PlaceError, StopAt, Stopping, Stops};
pub use text::locate_in_text;
#[doc(hidden)]
pub use text::{locate, position_in_script};
pub use wrap::IntoFunc;

#[doc = include_str!("coming_from_wasmtime.md")]
pub mod coming_from_wasmtime {
    // The page's links are to what is beside it.
    #[allow(unused_imports)]
    use crate::*;
}

/// The listings of the crate's first page, and of the guide's page on embedding, compile and run.
#[cfg(doctest)]
mod listings {
    #[doc = include_str!("../README.md")]
    struct FirstPage;
    #[doc = include_str!("../../../docs/guide/6-embedding.md")]
    struct Guide;
}
