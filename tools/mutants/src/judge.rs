//! An input all the way: what became of it, by kind.

use crate::damage::compiled;
use crate::mutate::Input;
use mangrove::{
    AbstractHeap, Config, Engine, Error, ExternType, FuncType, HeapHandle, HeapType, Linker,
    Module, OptLevel, Store, TrapReason, Val, ValType,
};
use mangrove_wast::{ScriptOptions, define_spectest, run_source};
use mangrove_workers::Rng;
use std::sync::Arc;

/// Calls a module gets, at most.
const CALLS: usize = 12;

/// Where an input stands, for the worker to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its code is made.
    Compile,
    /// It runs; it may do so for ever.
    Run,
}

/// What an input came to: one kind for the input, and one for each call.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Kinds, in order; the first is the input's.
    pub kinds: Vec<String>,
    /// What must not be.
    pub fault: Option<String>,
    /// Collections, where they were counted.
    pub collections: u64,
    /// Times control went from one stack to another, where they were counted.
    pub switches: u64,
}

impl Verdict {
    /// One kind more.
    pub fn add(&mut self, kind: impl Into<String>) {
        self.kinds.push(kind.into());
    }

    /// An error, by its kind; one of the engine's own is a fault.
    pub fn error(&mut self, place: &str, error: &Error) {
        let kind = match error {
            Error::Internal(_) | Error::Usage(_) | Error::Object(_) | Error::Io { .. } => {
                self.fault = Some(format!("{place}: {error}"));
                "a fault".to_owned()
            }
            Error::Trap(trap) => match (trap.reason.code(), &trap.reason) {
                (Some(code), _) => format!("trapped, {}", code.message()),
                (None, TrapReason::Limit(_)) => "trapped, a limit".to_owned(),
                (None, _) => "trapped, other".to_owned(),
            },
            Error::Exception(_) => "an exception".to_owned(),
            Error::Invalid { .. } => "rejected, invalid".to_owned(),
            Error::Admission(_) => "rejected, not admitted".to_owned(),
            Error::Text(_) => "rejected, no module".to_owned(),
            Error::Unsupported(_) => "rejected, unsupported".to_owned(),
            Error::Link { .. } => "an import".to_owned(),
            Error::Limit(_) => "a limit".to_owned(),
            Error::Resource(_) => "a resource".to_owned(),
            Error::Compiled(_) => "rejected, compiled".to_owned(),
            Error::Host(_) | Error::Custom(_) => "the host".to_owned(),
        };
        self.add(format!("{place}: {kind}"));
    }
}

/// Does with an input what there is to do.
pub fn judge(input: Input, seed: u64, tell: &mut dyn FnMut(Stage)) -> Verdict {
    let mut verdict = Verdict::default();
    let mut rng = Rng::new(seed ^ 0x6d61_6e67);
    let engine = match engine(&mut rng) {
        Ok(engine) => engine,
        Err(error) => {
            verdict.error("engine", &error);
            verdict.fault = Some(error.to_string());
            return verdict;
        }
    };
    tell(Stage::Compile);
    match input {
        Input::Nothing => verdict.add("nothing"),
        Input::Module(binary) => module(&engine, binary, None, &mut rng, tell, &mut verdict),
        Input::Script(text) => {
            tell(Stage::Run);
            script(&engine, &text, None, &mut verdict);
        }
        Input::Compiled(binary, seed) => compiled(&engine, binary, seed, &mut verdict),
    }
    verdict
}

/// Tight limits.
pub(crate) fn limits() -> Config {
    let mut config = Config::new();
    config
        .threads(1)
        .memory_max(16 << 20)
        .table_max(20_000)
        .heap_max(16 << 20)
        .stack_size(64 << 10)
        .initial_stack_size(256 << 10)
        .continuations_max(2000)
        .stack_bytes_max(64 << 20)
        .activations_max(50)
        .instances_max(200)
        .verify_heap(true);
    config
}

fn engine(rng: &mut Rng) -> Result<Engine, Error> {
    let mut config = limits();
    config.opt_level(if rng.chance(1, 4) {
        OptLevel::Speed
    } else {
        OptLevel::None
    });
    if rng.chance(1, 8) {
        let zeal = ["alloc:5", "switch", "move", "call", "alloc:5,switch,minor"];
        config.zeal(rng.pick(&zeal).parse()?);
    }
    Engine::new(&config)
}

/// Runs a script, with so much fuel for an engine that counts.
pub(crate) fn script(engine: &Engine, text: &str, fuel: Option<u64>, verdict: &mut Verdict) {
    let options = ScriptOptions {
        fuel,
        ..ScriptOptions::default()
    };
    match run_source(engine, "script", text, &options) {
        Err(_) => verdict.add("script: rejected"),
        Ok(report) if report.failed == 0 => verdict.add("script: passed"),
        Ok(report) => {
            verdict.add("script: failed");
            let mut messages = report.failures.into_iter().map(|failure| failure.message);
            verdict.fault = messages.find(|text| text.contains("internal error"));
        }
    }
}

/// Compiles a module and calls what it exports, with so much fuel for an engine that counts.
pub(crate) fn module(
    engine: &Engine,
    binary: Vec<u8>,
    fuel: Option<u64>,
    rng: &mut Rng,
    tell: &mut dyn FnMut(Stage),
    verdict: &mut Verdict,
) {
    let module = match Module::from_binary(engine, binary) {
        Ok(module) => module,
        Err(error) => return verdict.error("module", &error),
    };
    tell(Stage::Run);
    let mut store = match Store::new(engine, ()) {
        Ok(store) => store,
        Err(error) => return verdict.error("store", &error),
    };
    if let Some(fuel) = fuel
        && let Err(error) = store.set_fuel(fuel)
    {
        return verdict.error("fuel", &error);
    }
    let linker = match linker(engine, &mut store, &module) {
        Ok(linker) => linker,
        Err(error) => return verdict.error("imports", &error),
    };
    let instance = match linker.instantiate(&mut store, &module) {
        Ok(instance) => instance,
        Err(error) => return verdict.error("instantiation", &error),
    };
    verdict.add("module: instantiated");
    let functions: Vec<(String, FuncType)> = module
        .exports()
        .filter_map(|export| match export.ty() {
            ExternType::Func(ty) => Some((export.name().to_owned(), ty)),
            _ => None,
        })
        .collect();
    for (name, ty) in functions.iter().take(CALLS) {
        let args: Option<Vec<Val>> = ty.params.iter().map(|&ty| arg(engine, ty, rng)).collect();
        let Some(args) = args else { continue };
        let Some(func) = instance.func(&store, name) else {
            verdict.fault = Some(format!("no function {name:?}"));
            continue;
        };
        match func.call(&mut store, &args) {
            Ok(_) => verdict.add("call: returned"),
            Err(error) => verdict.error("call", &error),
        }
    }
    if let Err(error) = store.gc() {
        verdict.error("collection", &error);
    }
    verdict.collections += store.collections();
}

/// Everything the suites import, and functions that answer with defaults.
fn linker(engine: &Engine, store: &mut Store<()>, module: &Module) -> Result<Linker<()>, Error> {
    let mut linker = Linker::new(engine);
    define_spectest(&mut linker, store, &(Arc::new(|_: &str| ()) as _))?;
    linker.define_mangrove();
    let wanted: Vec<(String, String, FuncType)> = module
        .imports()
        .filter_map(|import| match import.ty() {
            ExternType::Func(ty) => {
                Some((import.module().to_owned(), import.name().to_owned(), ty))
            }
            _ => None,
        })
        .collect();
    for (module, name, ty) in wanted {
        if linker.get(store, &module, &name)?.is_some() {
            continue;
        }
        let results: Option<Vec<Val>> = ty
            .results
            .iter()
            .map(|&ty| engine.default_value(ty))
            .collect();
        linker.func(&module, &name, ty, move |_, _, places| {
            let results = results.as_ref().ok_or_else(|| Error::host("no default"))?;
            places.clone_from_slice(results);
            Ok(())
        })?;
    }
    Ok(linker)
}

fn arg(engine: &Engine, ty: ValType, rng: &mut Rng) -> Option<Val> {
    const NUMBERS: [u64; 8] = [0, 1, 2, 10, 100, 0x7fff_ffff, 0xffff_ffff, u64::MAX];
    let number = *rng.pick(&NUMBERS);
    Some(match ty {
        ValType::I32 => Val::I32(number as i32),
        ValType::I64 => Val::I64(number as i64),
        ValType::F32 => Val::F32(number as u32),
        ValType::F64 => Val::F64(number),
        ValType::V128 => Val::V128(u128::from(number)),
        ValType::Ref(reference) => match reference.heap {
            HeapType::Abstract(AbstractHeap::Any | AbstractHeap::Eq | AbstractHeap::I31) => {
                Val::Any(Some(HeapHandle::from_i31(number as u32 & 0x7fff_ffff)))
            }
            _ => engine.default_value(ty)?,
        },
    })
}
