//! The engines, behind one face: load a program and get something to call, or
//! compile a module.

mod corosensei;
mod missing;
mod node;
mod ours;
mod wasmtime;

pub use missing::missing;

use crate::worker::Measurement;
use anyhow::{Context, Result, bail};
use std::time::Duration;

/// An engine, with the settings that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum EngineKind {
    /// This one.
    Mangrove,
    /// Wasmtime with its copying collector.
    Wasmtime,
    /// Wasmtime without a collector: allocates until nothing is left.
    WasmtimeNull,
    /// Coroutines in Rust: what a switch costs without an engine.
    Corosensei,
    /// V8 by way of Node.
    Node,
}

impl EngineKind {
    /// Its name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mangrove => "mangrove",
            Self::Wasmtime => "wasmtime",
            Self::WasmtimeNull => "wasmtime-null",
            Self::Corosensei => "corosensei",
            Self::Node => "node",
        }
    }

    /// Whether the program has a meaning there.
    pub fn has(self, program: &str) -> bool {
        self != Self::Corosensei || corosensei::load(program).is_some()
    }
}

/// A loaded program's `run`.
pub type Run = Box<dyn FnMut(i32) -> Result<i64>>;

/// Compiles and instantiates `wat` on `kind`, or finds what stands for it there.
pub fn load(kind: EngineKind, name: &str, wat: &str) -> Result<Run> {
    match kind {
        EngineKind::Mangrove => ours::load(wat),
        EngineKind::Wasmtime => wasmtime::load(wat, ::wasmtime::Collector::Copying),
        EngineKind::WasmtimeNull => wasmtime::load(wat, ::wasmtime::Collector::Null),
        EngineKind::Corosensei => corosensei::load(name)
            .with_context(|| format!("`{name}` has no meaning without WebAssembly")),
        EngineKind::Node => bail!("node runs a program in its own process"),
    }
}

/// Measures a program where the whole measurement is another process's.
pub fn elsewhere(kind: EngineKind, wat: &str, arg: i32) -> Option<Result<Measurement>> {
    (kind == EngineKind::Node).then(|| node::measure(wat, arg))
}

/// How long `kind` takes to make a module of `wasm` on so many threads, and how
/// many exports it then has.
pub fn compile(kind: EngineKind, wasm: &[u8], threads: usize) -> Result<(Duration, usize)> {
    match kind {
        EngineKind::Mangrove => ours::compile(wasm, threads),
        EngineKind::Wasmtime => wasmtime::compile(wasm, threads, ::wasmtime::Collector::Copying),
        EngineKind::WasmtimeNull => wasmtime::compile(wasm, threads, ::wasmtime::Collector::Null),
        EngineKind::Corosensei => bail!("corosensei compiles nothing"),
        EngineKind::Node => bail!("node compiles when a program runs"),
    }
}

#[cfg(test)]
mod tests {
    use super::{EngineKind, load};
    use crate::programs::{self, Suite};

    #[test]
    fn the_floor_does_what_the_programs_do() {
        let mut compared = 0;
        for program in programs::whole(Suite::Switches) {
            if !EngineKind::Corosensei.has(&program.name) {
                continue;
            }
            let wat = programs::source(&program.name, None).expect("a program");
            let results = [EngineKind::Mangrove, EngineKind::Corosensei].map(|kind| {
                let mut run = load(kind, &program.name, &wat).expect("it loads");
                [run(7).expect("it runs"), run(9).expect("again")]
            });
            assert_eq!(results[0], results[1], "{}", program.name);
            compared += 1;
        }
        assert_eq!(compared, 12);
    }
}
