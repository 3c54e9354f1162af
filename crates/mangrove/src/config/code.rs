//! What modules may use, and what code is made of them.

use super::Config;
use mangrove_collector::admission::ContinuationsInObjects;
use mangrove_compile::{Hooks, OptLevel};
#[cfg(doc)]
use mangrove_runtime::Error;

impl Config {
    /// Whether heap objects may hold continuations: fields of structs, elements of
    /// arrays, payloads of exceptions. By default they may not, and a module in which
    /// one could is an [`Error::Admission`].
    ///
    /// If they may, collections follow continuations out of objects, and reclaim rings of
    /// both that nothing else refers to. Modules without such fields run as before; a
    /// report on continuations, and verification, look at all objects then.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, ContinuationsInObjects, Engine, Error, Module};
    ///
    /// # fn main() -> Result<(), Error> {
    /// let boxed = "(module (type $f (func)) (type $k (cont $f))
    ///                (type $box (struct (field (mut (ref null $k))))))";
    /// let refused = Module::new(&Engine::new(&Config::new())?, boxed.as_bytes());
    /// assert!(matches!(refused, Err(Error::Admission(_))));
    /// let mut config = Config::new();
    /// config.continuations_in_objects(ContinuationsInObjects::Trace);
    /// Module::new(&Engine::new(&config)?, boxed.as_bytes())?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn continuations_in_objects(&mut self, policy: ContinuationsInObjects) -> &mut Self {
        self.settings.continuations_in_objects = policy;
        self
    }

    /// Whether continuations may be cloned, which no proposal has: off by default. If they
    /// may, [`crate::ContHandle::clone_suspended`] makes a second continuation that goes on
    /// where the first is suspended, and modules can import that as `clone_cont` of the
    /// module `mangrove`, with any type from a continuation to one of the same type.
    ///
    /// Code is the same with and without.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Linker, Module, Store, Val};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let text = br#"(module
    ///     (type $f (func (param i32) (result i32))) (type $k (cont $f))
    ///     (import "mangrove" "clone_cont" (func $clone (param (ref null $k)) (result (ref $k))))
    ///     (func $double (type $f) (i32.mul (local.get 0) (i32.const 2)))
    ///     (elem declare func $double)
    ///     (func (export "twice") (param i32) (result i32)
    ///         (local $k (ref null $k))
    ///         (local.set $k (cont.new $k (ref.func $double)))
    ///         (i32.add
    ///             (resume $k (local.get 0) (call $clone (local.get $k)))
    ///             (resume $k (local.get 0) (local.get $k)))))"#;
    /// let engine = Engine::new(Config::new().continuation_clone(true))?;
    /// let module = Module::new(&engine, text)?;
    /// let mut store = Store::new(&engine, ())?;
    /// let mut linker = Linker::new(&engine);
    /// let instance = linker.define_mangrove().instantiate(&mut store, &module)?;
    /// let twice = instance.func(&store, "twice").expect("it is exported");
    /// assert_eq!(twice.call(&mut store, &[Val::I32(3)])?, [Val::I32(12)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn continuation_clone(&mut self, allowed: bool) -> &mut Self {
        self.settings.continuation_clone = allowed;
        self
    }

    /// Whether code looks at the engine's epoch, at the entry of every function and at the
    /// head of every loop (off by default). Stores of such an engine have a deadline, which
    /// is the epoch that the engine begins with: it has to be set before anything runs, with
    /// [`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline).
    ///
    /// What this and [`Config::consume_fuel`] cost is in `docs/BENCHMARKS.md`. A thread that
    /// raises the epoch every so often gives all stores a clock for the price of two
    /// loads and a comparison; fuel is exact, and the same on every machine.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Store};
    /// # fn main() -> Result<(), Error> {
    /// let engine = Engine::new(Config::new().epoch_interruption(true))?;
    /// let mut store = Store::new(&engine, ())?;
    /// store.set_epoch_deadline(3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn epoch_interruption(&mut self, on: bool) -> &mut Self {
        self.settings.epoch_interruption = on;
        self
    }

    /// Whether code counts the instructions it executes, as fuel of its store (off by
    /// default). Each is one unit, but `nop`, `drop`, `block`, `loop`, `else`, `end`,
    /// `return` and `unreachable`, which are none. Each call of a function is one more. An operation on many bytes or
    /// elements costs a unit more for each byte of a memory, or each element, whether it can
    /// be done or not.
    ///
    /// A store has none until it gets some ([`Store::set_fuel`](crate::Store::set_fuel)).
    /// Whether there is some left is looked at at the entry of every function, at the
    /// head of every loop and before operations on many: a program uses a little more than
    /// there is before it ends.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Linker, Module, Store};
    /// # fn main() -> Result<(), Error> {
    /// let engine = Engine::new(Config::new().consume_fuel(true))?;
    /// let text = b"(module (func (export \"f\") (drop (i32.add (i32.const 1) (i32.const 2)))))";
    /// let module = Module::new(&engine, text)?;
    /// let mut store = Store::new(&engine, ())?;
    /// store.set_fuel(10)?;
    /// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// instance.func(&store, "f").expect("it is exported").call(&mut store, &[])?;
    /// assert_eq!(store.get_fuel()?, 6);
    /// # Ok(())
    /// # }
    /// ```
    pub fn consume_fuel(&mut self, on: bool) -> &mut Self {
        self.settings.consume_fuel = on;
        self
    }

    /// How hard to work on the code.
    pub fn opt_level(&mut self, level: OptLevel) -> &mut Self {
        self.opt_level = level;
        self
    }

    /// Where compiled code calls the runtime beyond need.
    pub fn hooks(&mut self, hooks: Hooks) -> &mut Self {
        self.hooks = hooks;
        self
    }

    /// Whether arithmetic gives the canonical NaN wherever it gives one, so that
    /// a program computes the same bits on every machine. Costs a comparison for
    /// each such instruction.
    pub fn canonical_nans(&mut self, canonical: bool) -> &mut Self {
        self.canonical_nans = canonical;
        self
    }

    /// Whether what a debugger asks is kept beside the code (off by default): which locals and
    /// operands the slots of frames hold, and the lines of modules in text
    /// ([`Module::source_line`](crate::Module::source_line)). The machine code is the same;
    /// compiling takes longer.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Module, WasmOffset};
    ///
    /// let text = "(module\n  (func nop))";
    /// let lines = |engine: &Engine| -> Result<usize, mangrove::Error> {
    ///     let module = Module::new(engine, text)?;
    ///     let offsets = (1..64).filter_map(WasmOffset::new);
    ///     Ok(offsets.filter(|&offset| module.source_line(offset).is_some()).count())
    /// };
    /// assert_eq!(lines(&Engine::default())?, 0);
    /// assert!(lines(&Engine::new(Config::new().debug_info(true))?)? > 0);
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn debug_info(&mut self, kept: bool) -> &mut Self {
        self.debug_info = kept;
        self
    }

    /// Whether modules may use stack switching (on by default). Without it the
    /// language is Wasm 3.0: a module that uses more is not valid.
    pub fn stack_switching(&mut self, allowed: bool) -> &mut Self {
        self.stack_switching = allowed;
        self
    }

    /// How many threads validate and compile, up to 1,024; all of the machine's by
    /// default.
    pub fn threads(&mut self, threads: usize) -> &mut Self {
        self.threads = Some(threads);
        self
    }

    /// Whether Cranelift checks what it is given (on in debug builds).
    pub fn verify_clif(&mut self, verify: bool) -> &mut Self {
        self.verify_clif = verify;
        self
    }

    /// Whether programs can have references that keep nothing, and be told what died
    /// (off by default): [`crate::Linker::define_mangrove`] defines functions for it then.
    /// It changes nothing of how code is compiled and collected.
    pub fn weak_references(&mut self, allowed: bool) -> &mut Self {
        self.weak_references = allowed;
        self
    }
}
