//! From a validated module to machine code and its metadata.
//!
//! Pure: no memory is mapped, nothing is run, no unsafe. The runtime is known
//! only through the layouts of `mangrove-abi`. Functions are translated by
//! instruction family (`func/`), compiled in parallel, and linked into one
//! position-independent image (`link`).
//!
//! ```text
//!  ParsedModule ─ModuleEnv──▶ FuncTranslator (func/*) ──CLIF──▶ Cranelift ──CompiledFunc──▶ link ──▶ CodeImage
//!              trampolines (entry, to-host, helpers) ──────────▲
//! ```
#![forbid(unsafe_code)]

mod arch;
mod candidates;
mod cost;
mod env;
mod func;
mod function;
mod isa;
mod link;
mod movable;
mod naming;
mod options;
mod output;
mod positions;
mod prescan;
mod search;
mod signature;
mod sites;
mod touch;
mod trampoline;
mod unread;

use env::ModuleEnv;
use function::CompiledFunc;
use link::ImageLinker;
use mangrove_abi::{CodeImage, FuncIndex, FunctionKind, HostKind, Repr, TypeIndex};
use mangrove_validate::{FuncType, ParsedModule};
use output::Compiler;
use rayon::prelude::*;

pub use isa::{host_has, used_features};
pub use options::{CompileError, Hooks, Interruption, OptLevel, Options, Places};

/// Compiles all functions of a module, in parallel on the current rayon pool.
///
/// # Errors
/// An unsupported instruction, or a module that exceeds an image's limits.
pub fn compile(module: &ParsedModule, options: &Options) -> Result<CodeImage, CompileError> {
    compile_with(module, options, &Places::default())
}

/// The same, with hooks at these places besides.
///
/// # Errors
/// As [`compile`].
pub fn compile_with(
    module: &ParsedModule,
    options: &Options,
    places: &Places,
) -> Result<CodeImage, CompileError> {
    isa::check()?;
    let env = ModuleEnv::new(module, options, places)?;
    let first_defined = module.imported_functions;
    let mut compiled: Vec<CompiledFunc> = (0..module.bodies.len())
        .into_par_iter()
        .map_init(
            || Compiler::new(options),
            |compiler, index| {
                func::compile(compiler, &env, FuncIndex::new(first_defined + index as u32))
            },
        )
        .collect::<Result<_, _>>()?;
    compiled.extend(trampolines(&env, options)?);
    let mut linker = ImageLinker::new(options.stubs);
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
        done.push(search::find_handler(&mut compiler)?);
        done.push(search::search(&mut compiler)?);
    }
    if options.interruption != Interruption::default() {
        done.push(trampoline::interrupt(&options.stubs));
    }
    Ok(done)
}

/// Compiles the two trampolines of a host function's signature: `entries[0]`
/// starts a continuation on it, `to_host[0]` is what Wasm calls, of the kind `code`. One
/// for clones is of a signature from a continuation to a continuation.
///
/// # Errors
/// Only a defect of this crate makes it fail.
pub fn compile_host_signature(
    params: &[Repr],
    results: &[Repr],
    code: HostKind,
    options: &Options,
) -> Result<CodeImage, CompileError> {
    isa::check()?;
    if code == HostKind::Clone && (params, results) != (&[Repr::ContRef], &[Repr::ContRef]) {
        return Err(CompileError::Codegen {
            function: "clone".to_owned(),
            message: "a signature without a continuation".to_owned(),
        });
    }
    let mut compiler = Compiler::new(options);
    let mut linker = ImageLinker::new(options.stubs);
    linker.place(&trampoline::entry(
        &mut compiler,
        FunctionKind::Entry(TypeIndex::new(0)),
        params,
        results,
    )?)?;
    linker.place(&trampoline::to_host(
        &mut compiler,
        FunctionKind::ToHost(TypeIndex::new(0)),
        params,
        results,
        code,
    )?)?;
    linker.finish(0, 1)
}

/// How the values of a function type are represented.
pub fn reprs_of(module: &ParsedModule, ty: &FuncType<TypeIndex>) -> (Vec<Repr>, Vec<Repr>) {
    let reprs = |types: &[mangrove_validate::ValType<TypeIndex>]| {
        types.iter().map(|t| t.repr(&module.types)).collect()
    };
    (reprs(&ty.params), reprs(&ty.results))
}
