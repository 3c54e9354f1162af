//! The engine: settings, canonical types, and what is compiled once for all stores.

use crate::config::Config;
use crate::threads;
use mangrove_abi::{Requests, TypeId};
use mangrove_compile as compile;
use mangrove_runtime::{
    AsEngine, EngineCore, Error, Plan, SignalProblem, TypeCounts, Val, interrupt_on_ctrl_c,
    prepare_signals, signal_problems,
};
use mangrove_validate::{AbstractHeap, FuncType, HeapType, Language, RefType, ValType};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Settings and everything modules share: canonical types, their descriptors,
/// the trampolines of host functions. Cheap to clone; clones are the same engine.
///
/// # Signals
/// The first engine of a process installs handlers of `SIGSEGV`, `SIGBUS`, `SIGILL`
/// and `SIGFPE`, by which traps come. Faults outside of compiled code go on to whoever
/// had handled them before. Each thread that runs Wasm gets an alternate signal stack
/// of 128 KiB, in place of one it may have had.
///
/// While Wasm runs, the thread's stack pointer is on a stack made for Wasm, with no
/// room for others. **Every other signal handler of the process has to be installed
/// with `SA_ONSTACK`**; one that is not writes over Wasm's frames or dies in a guard.
/// What there is when an engine is made is looked at ([`crate::Config::signals`]), and
/// [`Engine::signal_problems`] looks again.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, FuncType, Module, Val, ValType};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::new(Config::new().memory_max(1 << 20))?;
/// assert!(engine.same(&engine.clone()), "a clone is the same engine");
/// assert!(format!("{:?}", engine.config()).contains("memory_max: 1048576"));
///
/// let text = "(module (func (export \"f\")))";
/// assert!(!Engine::detect_precompiled(text.as_bytes()));
/// let compiled = Module::new(&engine, text)?.serialize()?;
/// assert!(Engine::detect_precompiled(&compiled));
///
/// // A type has one number, whoever asks for it.
/// let ty = FuncType::new([ValType::I64], []);
/// let id = engine.func_type_id(&ty)?;
/// assert_eq!(engine.func_type_id(&ty)?, id);
/// assert_eq!(engine.func_type(id), Some(ty));
/// assert_eq!(engine.default_value(ValType::I64), Some(Val::I64(0)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<EngineInner>,
}

#[derive(Debug)]
struct EngineInner {
    config: Config,
    core: EngineCore,
    /// The types of the functions of the module `mangrove`.
    own_types: OwnTypes,
    threads: Option<rayon::ThreadPool>,
}

/// Function types every engine has.
#[derive(Clone, Copy, Debug)]
pub struct OwnTypes {
    /// Nothing to nothing.
    pub action: TypeId,
    /// Nothing to an i64.
    pub count: TypeId,
    /// An i32 to nothing.
    pub code: TypeId,
    /// A continuation of any type to one.
    pub clone: TypeId,
    /// With weak references, those of the functions for them.
    pub weak: Option<WeakTypes>,
}

/// Function types of the module `mangrove` for weak references.
#[derive(Clone, Copy, Debug)]
pub struct WeakTypes {
    /// `weak_new`
    pub new: TypeId,
    /// `weak_get`
    pub get: TypeId,
    /// `watch`
    pub watch: TypeId,
    /// `next_dead`
    pub next_dead: TypeId,
}

impl OwnTypes {
    fn new(core: &EngineCore, weak: bool) -> Result<Self, Error> {
        let cont = |nullable| {
            let heap = HeapType::Abstract(AbstractHeap::Cont);
            ValType::Ref(RefType { nullable, heap })
        };
        Ok(Self {
            action: own(core, &[], &[])?,
            count: own(core, &[], &[ValType::I64])?,
            code: own(core, &[ValType::I32], &[])?,
            clone: own(core, &[cont(true)], &[cont(false)])?,
            weak: weak.then(|| WeakTypes::new(core)).transpose()?,
        })
    }
}

impl WeakTypes {
    fn new(core: &EngineCore) -> Result<Self, Error> {
        let [any, outside] = [AbstractHeap::Any, AbstractHeap::Extern].map(|heap| {
            ValType::Ref(RefType {
                nullable: true,
                heap: HeapType::Abstract(heap),
            })
        });
        Ok(Self {
            new: own(core, &[any], &[outside])?,
            get: own(core, &[outside], &[any])?,
            watch: own(core, &[any, ValType::I32], &[])?,
            next_dead: own(core, &[], &[ValType::I32])?,
        })
    }
}

/// The number of a function type, which the engine keeps.
fn own(core: &EngineCore, params: &[ValType], results: &[ValType]) -> Result<TypeId, Error> {
    core.func_type_id(&FuncType {
        params: params.to_vec(),
        results: results.to_vec(),
    })
}

impl Default for Engine {
    /// An engine with the default settings.
    ///
    /// # Panics
    /// Where [`Engine::new`] fails: the system gives no address space.
    fn default() -> Self {
        match Self::new(&Config::new()) {
            Ok(engine) => engine,
            Err(error) => panic!("no engine: {error}"),
        }
    }
}

impl Engine {
    /// An engine with these settings.
    ///
    /// # Errors
    /// Settings that cannot work, or address space that is not to be had
    /// ([`Error::Resource`]). Too few threads are no error: there are fewer then.
    pub fn new(config: &Config) -> Result<Self, Error> {
        config.check()?;
        prepare_signals(config.signals)?;
        let plan = Plan::new(&config.settings);
        let options = compile_options(config, &plan);
        let core = Self::make_core(config.settings.clone(), plan, options)?;
        let own_types = OwnTypes::new(&core, config.weak_references)?;
        let inner = EngineInner {
            config: config.clone(),
            core,
            own_types,
            threads: config.threads.and_then(threads::pool),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The signal handlers of the process, as they are now, that Wasm cannot be run
    /// beside. To be asked after others have installed theirs.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine};
    ///
    /// let engine = Engine::new(&Config::new())?;
    /// for problem in engine.signal_problems() {
    ///     eprintln!("{problem}");
    /// }
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn signal_problems(&self) -> Vec<SignalProblem> {
        signal_problems()
    }

    /// Compiles a module, in binary or text, to the bytes that
    /// [`Module::deserialize`](crate::Module::deserialize) loads.
    ///
    /// # Errors
    /// As [`Module::new`](crate::Module::new).
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine};
    ///
    /// let engine = Engine::new(&Config::new())?;
    /// let compiled = engine.precompile_module(b"(module)")?;
    /// assert!(Engine::detect_precompiled(&compiled));
    /// assert!(!Engine::detect_precompiled(b"\0asm"));
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn precompile_module(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        crate::Module::new(self, bytes)?.serialize()
    }

    /// Whether bytes begin as a compiled module does.
    pub fn detect_precompiled(bytes: &[u8]) -> bool {
        bytes.starts_with(&crate::COMPILED_MAGIC)
    }

    /// Its settings.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// What modules are validated as.
    pub(crate) fn language(&self) -> Language {
        match self.config().stack_switching {
            true => Language::StackSwitching,
            false => Language::Wasm3,
        }
    }

    /// Raises the number of its epoch by one. Whatever runs in a store whose deadline has
    /// come then is interrupted at the next entry of a function or head of a loop: see
    /// [`Config::epoch_interruption`] and [`Store::set_epoch_deadline`].
    ///
    /// Any thread may do this, and so may a signal handler: it adds to one atomic number.
    ///
    /// [`Store::set_epoch_deadline`]: crate::Store::set_epoch_deadline
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Linker, Module, Store, TrapReason};
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), Error> {
    /// let engine = Engine::new(Config::new().epoch_interruption(true))?;
    /// let module = Module::new(&engine, b"(module (func (export \"spin\") (loop (br 0))))")?;
    /// let mut store = Store::new(&engine, ())?;
    /// store.set_epoch_deadline(1);
    /// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let spin = instance.func(&store, "spin").expect("it is exported");
    /// let clock = engine.clone();
    /// std::thread::spawn(move || {
    ///     std::thread::sleep(Duration::from_millis(10));
    ///     clock.increment_epoch();
    /// });
    /// let Err(Error::Trap(trap)) = spin.call(&mut store, &[]) else {
    ///     panic!("it does not end by itself");
    /// };
    /// assert_eq!(trap.reason, TrapReason::Interrupt);
    /// # Ok(())
    /// # }
    /// ```
    pub fn increment_epoch(&self) {
        self.core().epoch().fetch_add(1, Ordering::Relaxed);
    }

    /// From now on the first Ctrl-C (`SIGINT`) raises the epoch, and a further one ends the
    /// process, as it would have done without this. For the owner of the process: the engine
    /// stays until that ends. See [`ctrl_c_came`](crate::ctrl_c_came).
    ///
    /// # Errors
    /// [`Error::Limit`] if the system refuses the handler.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error};
    /// # fn main() -> Result<(), Error> {
    /// let engine = Engine::new(Config::new().epoch_interruption(true))?;
    /// engine.interrupt_on_ctrl_c()?;
    /// assert!(!mangrove::ctrl_c_came());
    /// # Ok(())
    /// # }
    /// ```
    pub fn interrupt_on_ctrl_c(&self) -> Result<(), Error> {
        interrupt_on_ctrl_c(self.core())
    }

    /// Whether both are the same engine.
    pub fn same(&self, other: &Engine) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Who counts the requests to the system that it makes, its stores included.
    #[doc(hidden)]
    pub fn requests(&self) -> &Requests {
        &self.core().plan().requests
    }

    /// Function types it has from the start.
    pub(crate) fn own_types(&self) -> OwnTypes {
        self.inner.own_types
    }

    /// What of it the runtime knows.
    pub(crate) fn core(&self) -> &EngineCore {
        &self.inner.core
    }

    /// How many types it has now. The types of a module go with the last of the module
    /// and the stores that have instances of it; those of host functions, tags and
    /// continuations with their store or linker.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Module};
    ///
    /// let engine = Engine::new(&Config::new())?;
    /// let before = engine.type_counts();
    /// let module = Module::new(&engine, b"(module (type (struct (field i32))))")?;
    /// assert_eq!(engine.type_counts().types, before.types + 1);
    /// drop(module);
    /// assert_eq!(engine.type_counts(), before);
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn type_counts(&self) -> TypeCounts {
        self.core().type_counts()
    }

    /// The canonical id of a function type whose concrete references are
    /// canonical ids. The engine keeps the type from now on, so the number stands for
    /// it as long as the engine lives.
    ///
    /// Every other number of a type, in a [`FuncType`] or a [`crate::Val`]'s type, is
    /// good for as long as something lives that has the type: a module, or a store
    /// with an instance of it, or with a host function or tag. Later it may stand for
    /// another type, or for none.
    ///
    /// # Errors
    /// [`Error::Limit`] if it has more than 1,000 parameters or results, which is
    /// what a module's function may have, or if there are more types than an engine
    /// can hold; [`Error::Usage`] if it refers to types this engine does not have.
    pub fn func_type_id(&self, ty: &FuncType) -> Result<TypeId, Error> {
        self.core().func_type_id(ty)
    }

    /// The function type with this canonical id, if it is one.
    pub fn func_type(&self, id: TypeId) -> Option<FuncType> {
        self.core().func_type(id)
    }

    /// The value a variable of this canonical type starts with: zero or null;
    /// none for a reference type without null, or of a type this engine does not have.
    pub fn default_value(&self, ty: ValType) -> Option<Val> {
        self.core().default_value(ty)
    }

    /// Runs `work` on the threads this engine validates and compiles with.
    pub(crate) fn with_threads<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match (&self.inner.threads, self.config().threads) {
            (Some(pool), _) => pool.install(work),
            // Not one thread was to be had.
            (None, Some(_)) => threads::alone(work),
            (None, None) => threads::shared(self.core().plan().threads, work),
        }
    }

    /// What modules are compiled with.
    pub(crate) fn compile_options(&self) -> compile::Options {
        compile_options(self.config(), self.core().plan())
    }
}

impl AsEngine for Engine {
    fn engine_core(&self) -> &EngineCore {
        self.core()
    }
}

fn compile_options(config: &Config, plan: &Plan) -> compile::Options {
    compile::Options {
        opt_level: config.opt_level,
        hooks: config.needed_hooks(),
        interruption: config.needed_interruption(),
        canonical_nans: config.canonical_nans,
        slot_names: config.debug_info,
        checked_memories: plan.checked_memories,
        verify_clif: config.verify_clif,
        defect: config.settings.defect,
        stubs: mangrove_stack::arch::stub_image(),
    }
}
