//! The engines, behind one face: load a program, get something to call.

mod ours;
mod wasmtime;

use anyhow::Result;

/// An engine, with the settings that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum EngineKind {
    /// This one.
    Mangrove,
    /// Wasmtime with its copying collector.
    Wasmtime,
    /// Wasmtime without a collector: allocates until nothing is left.
    WasmtimeNull,
}

impl EngineKind {
    /// Its name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mangrove => "mangrove",
            Self::Wasmtime => "wasmtime",
            Self::WasmtimeNull => "wasmtime-null",
        }
    }
}

/// A loaded program's `run`.
pub type Run = Box<dyn FnMut(i32) -> Result<i64>>;

/// Compiles and instantiates `wat` on `kind`.
pub fn load(kind: EngineKind, wat: &str) -> Result<Run> {
    match kind {
        EngineKind::Mangrove => ours::load(wat),
        EngineKind::Wasmtime => wasmtime::load(wat, ::wasmtime::Collector::Copying),
        EngineKind::WasmtimeNull => wasmtime::load(wat, ::wasmtime::Collector::Null),
    }
}
