//! The commands, and what several of them do alike.

pub mod compile;
pub mod roots;
pub mod run;
pub mod stress;
pub mod wast;

use crate::args::Target;
use crate::errors::{Failure, shown};
use crate::output;
use crate::trusted;
use crate::values;
use mangrove::{
    COMPILED_MAGIC, Engine, Extern, Func, Instance, Linker, Module, Store, Val, printable,
};
use std::path::Path;
use std::sync::Arc;

/// A module with its store, ready to be instantiated.
pub struct Program<'a> {
    file: &'a Path,
    linker: Linker<()>,
    /// The module.
    pub module: Module,
    /// Where it will run.
    pub store: Store<()>,
}

impl<'a> Program<'a> {
    /// Loads the module, with `spectest` and `mangrove` for it to import.
    /// `compiled` says whether it may be machine code.
    pub fn load(engine: &Engine, file: &'a Path, compiled: bool) -> Result<Self, Failure> {
        let in_file = |error| Failure::engine(file, error);
        let bytes = mangrove_wast::read_module(file)?;
        let module = match bytes.starts_with(&COMPILED_MAGIC) {
            true => trusted::load(engine, file, &bytes, compiled)?,
            false => Module::from_binary(engine, bytes).map_err(in_file)?,
        };
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
            module,
            store,
        })
    }

    /// Instantiates it, which runs its start function.
    pub fn instantiate(&mut self) -> Result<Instance, Failure> {
        self.linker
            .instantiate(&mut self.store, &self.module)
            .map_err(|error| Failure::engine(self.file, error))
    }

    /// The function to call, with its arguments: the one that is named, or
    /// `_start` if there is one.
    pub fn function(
        &self,
        instance: Instance,
        target: &Target,
    ) -> Result<Option<(Func, Vec<Val>)>, Failure> {
        let export = |name: &str| instance.export(&self.store, name);
        let func = match (&target.invoke, export("_start")) {
            (None, Some(Extern::Func(start))) => start,
            (None, _) => return Ok(None),
            (Some(name), _) => match export(name) {
                Some(Extern::Func(func)) => func,
                Some(_) => return Err(self.input(&format!("export {name:?} is not a function"))),
                None => return Err(self.input(&self.no_such_export(instance, name))),
            },
        };
        let ty = func.ty(&self.store);
        values::parse_all(self.module.engine(), &ty, &target.args)
            .map(|args| Some((func, args)))
            .map_err(|message| self.input(&message))
    }

    /// Calls a function.
    pub fn call(&mut self, func: Func, args: &[Val]) -> Result<Vec<Val>, Failure> {
        func.call(&mut self.store, args)
            .map_err(|error| Failure::engine(self.file, error))
    }

    /// A failure of the input, with the file's name before it.
    pub fn input(&self, message: &str) -> Failure {
        Failure::Input(format!("{}: {message}", shown(self.file)))
    }

    fn no_such_export(&self, instance: Instance, name: &str) -> String {
        let functions: Vec<_> = instance
            .exports(&self.store)
            .into_iter()
            .filter(|(_, item)| matches!(item, Extern::Func(_)))
            .map(|(name, _)| printable(&name).into_owned())
            .collect();
        match functions.as_slice() {
            [] => format!("there is no export {name:?}; no function is exported"),
            some => format!(
                "there is no export {name:?}; functions: {}",
                some.join(", ")
            ),
        }
    }
}

/// Makes the engine.
pub fn engine(config: &mangrove::Config) -> Result<Engine, Failure> {
    Engine::new(config).map_err(Failure::settings)
}
