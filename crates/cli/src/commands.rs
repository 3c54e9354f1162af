//! The commands, and what several of them do alike.

pub mod compile;
mod export;
mod missing;
pub mod roots;
pub mod run;
pub mod stress;
pub mod validate;
pub mod wast;

use crate::args::Target;
use crate::errors::{Failure, shown};
use crate::output;
use crate::trusted;
use crate::values::ArgumentReader;
use mangrove::{COMPILED_MAGIC, Engine, Error, Extern, Func, Instance, Linker, Module, Store, Val};
use mangrove_inspect::source_map;
use mangrove_validate::EntityIndex;
use std::path::Path;
use std::sync::Arc;

/// A module with its store, ready to be instantiated.
pub struct Program<'a> {
    file: &'a Path,
    linker: Linker<()>,
    /// Whether functions that nobody defined are there, and trap.
    stub: bool,
    /// The module.
    pub module: Module,
    /// Where it will run.
    pub store: Store<()>,
}

impl<'a> Program<'a> {
    /// Loads the module, with `spectest` and `mangrove` for it to import.
    pub fn load(engine: &Engine, target: &'a Target) -> Result<Self, Failure> {
        let mut program = Self::open(engine, &target.file, target.allow_compiled)?;
        program.stub = target.stub_imports;
        Ok(program)
    }

    /// The same without options. `compiled` says whether it may be machine code.
    pub fn open(engine: &Engine, file: &'a Path, compiled: bool) -> Result<Self, Failure> {
        let in_file = |error| Failure::engine(file, error);
        let source = mangrove_wast::read_module(file)?;
        let module = match source.binary.starts_with(&COMPILED_MAGIC) {
            true => trusted::load(engine, file, &source.binary, compiled)?,
            false => source.compile(engine).map_err(in_file)?,
        };
        lines_of_map(&module, file);
        let mut store = Store::new(engine, ()).map_err(in_file)?;
        let mut linker = Linker::new(engine);
        linker.define_mangrove();
        // The memory of `spectest` reserves address space, so it is made on demand.
        if mangrove_wast::imports_spectest(&module) {
            let sink = Arc::new(output::line_now) as _;
            mangrove_wast::define_spectest(&mut linker, &mut store, &sink).map_err(in_file)?;
        }
        Ok(Self {
            file,
            linker,
            stub: false,
            module,
            store,
        })
    }

    /// Instantiates it, which runs its start function.
    pub fn instantiate(&mut self) -> Result<Instance, Failure> {
        let missing = missing::imports(&self.linker, &self.module);
        if !missing.is_empty() {
            if !self.stub {
                return Err(self.input(&missing::message(&missing, &self.module)));
            }
            if let Some(message) = missing::no_stubs(&missing, &self.module) {
                return Err(self.input(&message));
            }
            let stubs = self.linker.define_unknown_imports_as_traps(&self.module);
            stubs.map_err(|error| Failure::engine(self.file, error))?;
        }
        let instance = self.linker.instantiate(&mut self.store, &self.module);
        instance.map_err(|error| self.failure(error))
    }

    /// The failure an error of running it is.
    fn failure(&self, error: Error) -> Failure {
        match error {
            Error::Exception(exception) => Failure::Wasm {
                message: format!("{}: {}", shown(self.file), exception.display(&self.store)),
                backtrace: exception.backtrace,
            },
            other => Failure::engine(self.file, other),
        }
    }

    /// The function to call, with its arguments: the one that is named, or
    /// `_start` if there is one.
    pub fn function(
        &mut self,
        instance: Instance,
        target: &Target,
    ) -> Result<Option<(Func, Vec<Val>)>, Failure> {
        let export = |name: &str| instance.export(&self.store, name);
        let (name, func) = match (&target.invoke, export("_start")) {
            (None, Some(Extern::Func(start))) => ("_start", start),
            (None, _) => return Ok(None),
            (Some(name), _) => match export(name) {
                Some(Extern::Func(func)) => (name.as_str(), func),
                Some(_) => return Err(self.input(&format!("export {name:?} is not a function"))),
                None => return Err(self.input(&missing::export(&self.module, name))),
            },
        };
        let ty = func.ty(&self.store);
        let parsed = self.module.parsed();
        let names = match parsed.export(name).map(|export| export.index) {
            Some(EntityIndex::Func(index)) => parsed.parameter_names(index),
            _ => Vec::new(),
        };
        let reader = ArgumentReader {
            store: &mut self.store,
            engine: self.module.engine(),
            called: &|id| missing::type_called(&self.module, id),
        };
        let args = reader.read(&ty, &names, &target.args);
        args.map(|args| Some((func, args)))
            .map_err(|message| self.input(&message))
    }

    /// Calls a function.
    pub fn call(&mut self, func: Func, args: &[Val]) -> Result<Vec<Val>, Failure> {
        let results = func.call(&mut self.store, args);
        results.map_err(|error| self.failure(error))
    }

    /// A failure of the input, with the file's name before it.
    pub fn input(&self, message: &str) -> Failure {
        Failure::Input(format!("{}: {message}", shown(self.file)))
    }
}

/// Has the module's source map read when a line is wanted. What is wrong with it is a note: the program runs without.
fn lines_of_map(module: &Module, file: &Path) {
    // Beside standard input there is nothing.
    if file == Path::new("-") {
        return;
    }
    let name = shown(file);
    source_map::attach(module, file, move |error| {
        output::note_now(&format!("{name}: there are no source lines: {error}"));
    });
}

/// Makes the engine.
pub fn engine(config: &mangrove::Config) -> Result<Engine, Failure> {
    Engine::new(config).map_err(Failure::settings)
}
