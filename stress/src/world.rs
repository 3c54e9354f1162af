//! A store with one program in it, for suites that drive it from the host: their model
//! chooses what is called and says what must come of it.

use mangrove::{Config, Engine, Error, Func, Instance, Linker, Module, Store, TrapReason, Val};

/// A store and the instance of a program in it.
pub(crate) struct World<T: 'static> {
    /// The store.
    pub store: Store<T>,
    /// The program.
    pub instance: Instance,
}

impl<T> World<T> {
    /// An instance of a program that imports what `define` puts into the linker.
    ///
    /// # Errors
    /// The engine's.
    pub fn new(
        config: &Config,
        text: &str,
        data: T,
        define: impl FnOnce(&mut Linker<T>, &mut Store<T>) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let engine = Engine::new(config)?;
        let module = Module::new(&engine, text.as_bytes())?;
        let mut store = Store::new(&engine, data)?;
        let mut linker = Linker::new(&engine);
        linker.define_mangrove();
        define(&mut linker, &mut store)?;
        let instance = linker.instantiate(&mut store, &module)?;
        Ok(Self { store, instance })
    }

    /// An exported function.
    ///
    /// # Panics
    /// If the program, which is the suite's own, exports no such function.
    pub fn func(&self, name: &str) -> Func {
        let func = self.instance.func(&self.store, name);
        func.unwrap_or_else(|| panic!("the program exports a function `{name}`"))
    }

    /// Calls an exported function with numbers.
    ///
    /// # Errors
    /// What became of it.
    pub fn call(&mut self, name: &str, args: &[i64]) -> Result<Vec<Val>, Error> {
        let args: Vec<_> = args.iter().map(|&arg| Val::I64(arg)).collect();
        self.func(name).call(&mut self.store, &args)
    }

    /// Calls an exported function that gives a number.
    ///
    /// # Errors
    /// What became of it.
    pub fn number(&mut self, name: &str, args: &[i64]) -> Result<i64, Error> {
        number(&self.call(name, args)?)
    }

    /// Calls a function, and says what is wrong if it does not give this number.
    ///
    /// # Errors
    /// What became of it.
    pub fn expect(&mut self, name: &str, args: &[i64], wanted: i64) -> Result<Verdict, Error> {
        let found = self.number(name, args)?;
        Ok(differs(&format!("{name} {args:?}"), found, wanted))
    }
}

/// What is wrong, if anything is.
pub(crate) type Verdict = Result<(), String>;

/// Says so where a number is not the one it must be.
pub(crate) fn differs(what: &str, found: i64, wanted: i64) -> Verdict {
    match found == wanted {
        true => Ok(()),
        false => Err(format!("{what}: {found:#x}, not {wanted:#x}")),
    }
}

/// The only value, a number.
///
/// # Errors
/// It is something else.
pub(crate) fn number(values: &[Val]) -> Result<i64, Error> {
    match *values {
        [Val::I64(number)] => Ok(number),
        [Val::I32(number)] => Ok(number.into()),
        ref other => Err(Error::Usage(format!("{other:?} is no number"))),
    }
}

/// Why a call trapped, if it did.
pub(crate) fn trapped<V>(result: &Result<V, Error>) -> Option<&TrapReason> {
    match result {
        Err(Error::Trap(trap)) => Some(&trap.reason),
        _ => None,
    }
}
