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
use mangrove::OptLevel;
use std::time::Duration;

/// An engine, with the settings that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum EngineKind {
    /// This one.
    Mangrove,
    /// The same, without inlining.
    MangroveSpeed,
    /// The same, looking at epochs.
    MangroveEpochs,
    /// The same, counting fuel.
    MangroveFuel,
    /// Wasmtime with its copying collector.
    Wasmtime,
    /// The same, looking at epochs.
    WasmtimeEpochs,
    /// The same, counting fuel.
    WasmtimeFuel,
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
            Self::MangroveSpeed => "mangrove-speed",
            Self::MangroveEpochs => "mangrove-epochs",
            Self::MangroveFuel => "mangrove-fuel",
            Self::Wasmtime => "wasmtime",
            Self::WasmtimeEpochs => "wasmtime-epochs",
            Self::WasmtimeFuel => "wasmtime-fuel",
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

/// By what code is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// By nothing.
    Never,
    /// By the engine's epoch.
    Epochs,
    /// By the store's fuel.
    Fuel,
}

/// Fuel that no program uses up.
const MUCH_FUEL: u64 = 1 << 60;
/// Epochs that do not come.
const FAR_DEADLINE: u64 = 1 << 40;

/// A loaded program's `run`.
pub type Run = Box<dyn FnMut(i32) -> Result<i64>>;

/// What a whole program exports, as compilers name it, instead of `run`. A measurement is
/// then a new instance and one call of this.
const START: &str = "_start";
/// The function that such a program prints by, a character at a time.
const PRINT: (&str, &str) = ("spectest", "print_char");

/// The checksum of what was printed so far, with one more character.
const fn printed(text: i64, character: i32) -> i64 {
    text.wrapping_mul(31).wrapping_add(character as i64)
}

/// Compiles and instantiates a program on `kind`, or finds what stands for it there.
pub fn load(kind: EngineKind, name: &str, wat: &[u8]) -> Result<Run> {
    use ::wasmtime::Collector::{Copying, Null};
    use OptLevel::{Inline, Speed};
    match kind {
        EngineKind::Mangrove => ours::load(wat, Interrupted::Never, Inline),
        EngineKind::MangroveSpeed => ours::load(wat, Interrupted::Never, Speed),
        EngineKind::MangroveEpochs => ours::load(wat, Interrupted::Epochs, Inline),
        EngineKind::MangroveFuel => ours::load(wat, Interrupted::Fuel, Inline),
        EngineKind::Wasmtime => wasmtime::load(wat, Copying, Interrupted::Never),
        EngineKind::WasmtimeEpochs => wasmtime::load(wat, Copying, Interrupted::Epochs),
        EngineKind::WasmtimeFuel => wasmtime::load(wat, Copying, Interrupted::Fuel),
        EngineKind::WasmtimeNull => wasmtime::load(wat, Null, Interrupted::Never),
        EngineKind::Corosensei => corosensei::load(name)
            .with_context(|| format!("`{name}` has no meaning without WebAssembly")),
        EngineKind::Node => bail!("node runs a program in its own process"),
    }
}

/// Measures a program where the whole measurement is another process's.
pub fn elsewhere(kind: EngineKind, wat: &[u8], arg: i32) -> Option<Result<Measurement>> {
    (kind == EngineKind::Node).then(|| node::measure(wat, arg))
}

/// How long `kind` takes to make a module of `wasm` on so many threads, and how
/// many exports it then has.
pub fn compile(kind: EngineKind, wasm: &[u8], threads: usize) -> Result<(Duration, usize)> {
    use OptLevel::{Inline, Speed};
    match kind {
        EngineKind::Mangrove => ours::compile(wasm, threads, Interrupted::Never, Inline),
        EngineKind::MangroveSpeed => ours::compile(wasm, threads, Interrupted::Never, Speed),
        EngineKind::MangroveEpochs => ours::compile(wasm, threads, Interrupted::Epochs, Inline),
        EngineKind::MangroveFuel => ours::compile(wasm, threads, Interrupted::Fuel, Inline),
        EngineKind::Wasmtime => wasmtime::compile(wasm, threads, ::wasmtime::Collector::Copying),
        EngineKind::WasmtimeEpochs | EngineKind::WasmtimeFuel => {
            bail!("Wasmtime's code that is interrupted is measured where it runs")
        }
        EngineKind::WasmtimeNull => wasmtime::compile(wasm, threads, ::wasmtime::Collector::Null),
        EngineKind::Corosensei => bail!("corosensei compiles nothing"),
        EngineKind::Node => bail!("node compiles when a program runs"),
    }
}

#[cfg(test)]
mod tests {
    use super::{EngineKind, load, ours, wasmtime};
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

    /// Those without continuations: over switches the two do not count alike.
    #[test]
    fn programs_use_as_much_fuel_as_on_wasmtime() {
        for (name, arg) in [
            ("fib", 12),
            ("matmul", 9),
            ("nbody", 20),
            ("sha256", 3),
            ("quicksort", 500),
            ("hash_table", 200),
        ] {
            let wat = programs::source(name, None).expect("a program");
            let wat = String::from_utf8(wat).expect("text");
            let ours = ours::fuel(&wat, arg).expect("it runs");
            let theirs = wasmtime::fuel(&wat, arg).expect("it runs");
            assert_eq!(ours, theirs, "{name}");
        }
    }
}
