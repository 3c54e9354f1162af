//! From a validated module to machine code and its metadata.
//!
//! Pure: no memory is mapped, nothing is run, no unsafe. The runtime is known
//! only through the layouts of `mangrove-abi`. Functions are translated by
//! instruction family (`func/`), compiled in parallel, and linked into one
//! position-independent image (`link`).
//!
//! ```text
//!  Module ──ModuleEnv──▶ FuncTranslator (func/*) ──CLIF──▶ Cranelift ──CompiledFunc──▶ link ──▶ CodeImage
//!              trampolines (entry, to-host, helpers) ──────────▲
//! ```
#![forbid(unsafe_code)]

mod cost;
mod env;
mod func;
mod isa;
mod link;
mod movable;
mod output;
mod prescan;
mod signature;
mod sites;
mod trampoline;

use env::ModuleEnv;
use link::Linker;
use mangrove_abi::{CodeImage, FunctionKind, StubImage};
use mangrove_validate::{FuncType, Module, Repr};
use output::{CompiledFunc, Compiler};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fmt;

pub use isa::{host_has, used_features};
pub use signature::{FLOAT_RESULTS, INT_RESULTS};

/// How hard the compiler works on the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OptLevel {
    /// No optimisation, and operands and locals in the frame. It is how a
    /// function is compiled at any level for which that level would take time
    /// and memory out of proportion to its size; for tests of that.
    Frame,
    /// No optimisation: quick compilation.
    None,
    /// Fast code.
    #[default]
    Speed,
}

impl fmt::Display for OptLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Frame => "frame",
            Self::None => "none",
            Self::Speed => "speed",
        })
    }
}

/// Places at which compiled code calls the runtime (`Libcall::Hook`), for zeal and
/// for observers: those of suspensions need `switches`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hooks {
    /// At the entry of every function.
    pub calls: bool,
    /// Before every `resume`, `suspend` and `switch`.
    pub switches: bool,
}

/// Settings of a compilation.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How hard to work on the code.
    pub opt_level: OptLevel,
    /// Places to call the runtime from.
    pub hooks: Hooks,
    /// Make every arithmetic NaN the canonical one.
    pub canonical_nans: bool,
    /// Compare every access to a 32-bit memory with the memory's size. Without it
    /// a memory must have reserved all that an access can address.
    pub checked_memories: bool,
    /// Run Cranelift's verifier on every function.
    pub verify_clif: bool,
    /// The assembly stubs to put into the image.
    pub stubs: StubImage,
}

/// Why a valid module could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// An instruction this engine does not have yet.
    #[error("instruction not supported: {instruction} (at offset {offset:#x})")]
    Unsupported {
        /// Its name.
        instruction: String,
        /// Byte offset in the module.
        offset: usize,
    },
    /// The machine lacks instructions the code needs.
    #[error("this processor lacks {0}")]
    Machine(&'static str),
    /// Something exceeds what an image can hold.
    #[error("module too large: {0}")]
    TooLarge(&'static str),
    /// Cranelift refused the code: a defect of this crate.
    #[error("code generation failed in function {function}: {message}")]
    Codegen {
        /// Index of the function in the module, or a trampoline's description.
        function: String,
        /// What Cranelift said.
        message: String,
    },
    /// The body could not be read: the module was not validated.
    #[error("malformed function body: {0}")]
    Malformed(#[from] wasmparser::BinaryReaderError),
}

/// Compiles all functions of a module, in parallel on the current rayon pool.
///
/// # Errors
/// An unsupported instruction, or a module that exceeds an image's limits.
pub fn compile(module: &Module, options: &Options) -> Result<CodeImage, CompileError> {
    isa::check()?;
    let env = ModuleEnv::new(module, options)?;
    let first_defined = module.imported_functions;
    let mut compiled: Vec<CompiledFunc> = (0..module.bodies.len())
        .into_par_iter()
        .map_init(
            || Compiler::new(options),
            |compiler, index| func::compile(compiler, &env, first_defined + index as u32),
        )
        .collect::<Result<_, _>>()?;
    compiled.extend(trampolines(&env, options)?);
    let mut linker = Linker::new(options.stubs);
    for function in &compiled {
        linker.place(function)?;
    }
    let mut image = linker.finish(module.bodies.len(), module.types.len())?;
    image.handler_tables = env.into_handler_tables();
    tracing::debug!(
        target: "mangrove::compile",
        functions = compiled.len(),
        bytes = image.text.len(),
        sites = image.sites.sites().len(),
        "compiled"
    );
    Ok(image)
}

/// The entry trampolines of the types whose functions can leave the module, and
/// the helpers its instructions share.
fn trampolines(env: &ModuleEnv<'_>, options: &Options) -> Result<Vec<CompiledFunc>, CompileError> {
    let mut compiler = Compiler::new(options);
    let mut done = Vec::new();
    for ty in env.escaping_types() {
        let func = env.module.func_type(ty);
        let params = env.reprs(&func.params);
        let results = env.reprs(&func.results);
        done.push(trampoline::entry(
            &mut compiler,
            FunctionKind::Entry(ty),
            &params,
            &results,
        )?);
    }
    if env.uses_suspend {
        done.push(func::find_handler(&mut compiler)?);
        done.push(func::search(&mut compiler)?);
    }
    Ok(done)
}

/// Compiles the two trampolines of a host function's signature: `entries[0]`
/// starts a continuation on it, `to_host[0]` is what Wasm calls.
///
/// # Errors
/// Only a defect of this crate makes it fail.
pub fn compile_host_signature(
    params: &[Repr],
    results: &[Repr],
    options: &Options,
) -> Result<CodeImage, CompileError> {
    isa::check()?;
    let mut compiler = Compiler::new(options);
    let mut linker = Linker::new(options.stubs);
    linker.place(&trampoline::entry(
        &mut compiler,
        FunctionKind::Entry(0),
        params,
        results,
    )?)?;
    linker.place(&trampoline::to_host(
        &mut compiler,
        FunctionKind::ToHost(0),
        params,
        results,
    )?)?;
    linker.finish(0, 1)
}

/// How the values of a function type are represented.
pub fn reprs_of(module: &Module, ty: &FuncType) -> (Vec<Repr>, Vec<Repr>) {
    let reprs = |types: &[mangrove_validate::ValType]| {
        types.iter().map(|t| t.repr(&module.types)).collect()
    };
    (reprs(&ty.params), reprs(&ty.results))
}
