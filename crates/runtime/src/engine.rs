//! The engine: settings, canonical types, and what is compiled once for all stores.

use crate::code::{LoadedCode, load};
use crate::config::Config;
use crate::error::Error;
use crate::handlers::SignalProblem;
use crate::kind::ValueKind;
use crate::plan::Plan;
use crate::signature::Signature;
use crate::threads;
use crate::types::{EngineTypes, KeptTypes, TypeCounts};
use mangrove_abi::{TypeDescriptor, TypeId};
use mangrove_compile as compile;
use mangrove_validate::{CompositeType, FuncType, HeapType, Language, TypeRegistry, ValType};
use std::sync::{Arc, Mutex, PoisonError};

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
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<EngineInner>,
}

#[derive(Debug)]
struct EngineInner {
    config: Config,
    plan: Plan,
    types: Arc<EngineTypes>,
    /// The types of the functions of the module `mangrove`.
    own_types: OwnTypes,
    /// Types kept as long as the engine: those, and what the embedder asked for by
    /// number.
    kept: Mutex<KeptTypes>,
    threads: Option<rayon::ThreadPool>,
}

/// Function types every engine has.
#[derive(Clone, Copy, Debug)]
pub struct OwnTypes {
    /// Nothing to nothing.
    pub action: TypeId,
    /// Nothing to an i64.
    pub count: TypeId,
}

impl Engine {
    /// An engine with these settings.
    ///
    /// # Errors
    /// Settings that cannot work, or address space that is not to be had
    /// ([`Error::Resource`]). Too few threads are no error: there are fewer then.
    pub fn new(config: &Config) -> Result<Self, Error> {
        config.check()?;
        crate::signals::install()?;
        crate::handlers::check(config.signals)?;
        let plan = Plan::new(config);
        let types = EngineTypes::new(plan.type_end, &plan.addresses)?;
        let mut kept = KeptTypes::new(&types);
        let mut own = |results: Vec<ValType>| {
            kept.func(&FuncType {
                params: Vec::new(),
                results,
            })
        };
        let own_types = OwnTypes {
            action: own(vec![])?,
            count: own(vec![ValType::I64])?,
        };
        let inner = EngineInner {
            config: config.clone(),
            types,
            own_types,
            kept: Mutex::new(kept),
            threads: config.threads.and_then(threads::pool),
            plan,
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
        crate::handlers::problems()
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

    /// Whether both are the same engine.
    pub fn same(&self, other: &Engine) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Function types it has from the start.
    pub(crate) fn own_types(&self) -> OwnTypes {
        self.inner.own_types
    }

    /// The canonical types of all modules of this engine, to look them up.
    pub(crate) fn types(&self) -> &TypeRegistry {
        self.inner.types.registry()
    }

    /// The same, to hold them.
    pub(crate) fn engine_types(&self) -> &Arc<EngineTypes> {
        &self.inner.types
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
        self.inner.types.counts()
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
        // A poisoned lock guards what is whole: a type is known once it is held.
        let mut kept = self
            .inner
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.func(ty)
    }

    /// The function type with this canonical id, if it is one.
    pub fn func_type(&self, id: TypeId) -> Option<FuncType> {
        match &self.types().try_get(id)?.composite {
            CompositeType::Func(ty) => Some(ty.clone()),
            _ => None,
        }
    }

    /// The value a variable of this canonical type starts with: zero or null;
    /// none for a reference type without null, or of a type this engine does not have.
    pub fn default_value(&self, ty: ValType) -> Option<crate::Val> {
        // Nobody need hold the type: it may go while this looks at it.
        self.try_kind_of(ty)?.default_value(ty)
    }

    /// The type of exceptions whose tag has this function type, which the caller
    /// holds.
    pub(crate) fn exception_type(&self, tag_type: TypeId) -> Result<TypeId, Error> {
        self.inner.types.exception(tag_type)
    }

    /// The descriptor table.
    pub(crate) fn descriptors(&self) -> *const TypeDescriptor {
        self.inner.types.descriptors()
    }

    /// How values of a canonical type, which somebody holds, are handed over.
    ///
    /// # Panics
    /// If the engine does not have the type.
    pub(crate) fn kind_of(&self, ty: ValType) -> ValueKind {
        self.try_kind_of(ty).expect("a type that is held")
    }

    /// The same for any type; none if the engine does not have it.
    fn try_kind_of(&self, ty: ValType) -> Option<ValueKind> {
        let ValType::Ref(reference) = ty else {
            return Some(ValueKind::of_number(ty));
        };
        Some(match reference.heap {
            HeapType::Abstract(heap) => ValueKind::of_hierarchy(heap, reference),
            HeapType::Concrete(id) => match self.types().try_get(id)?.composite {
                CompositeType::Func(_) => ValueKind::Func,
                CompositeType::Struct(_) | CompositeType::Array(_) => ValueKind::Any,
                CompositeType::Cont(_) => ValueKind::Cont(reference),
            },
        })
    }

    /// A function type as calls need it.
    pub(crate) fn signature(&self, id: TypeId) -> Result<Signature, Error> {
        let ty = self
            .func_type(id)
            .ok_or_else(|| Error::internal(format!("type {id} is not a function type")))?;
        Ok(Signature::new(self, id, ty))
    }

    /// The trampolines for host functions of a type, which the caller holds; compiled
    /// the first time.
    pub(crate) fn host_code(&self, signature: &Signature) -> Result<Arc<LoadedCode>, Error> {
        self.inner.types.trampolines(signature.id, || {
            let (params, results) = (signature.param_reprs(), signature.result_reprs());
            let options = self.compile_options();
            let image = compile::compile_host_signature(&params, &results, &options)
                .map_err(Error::internal)?;
            load(image, &self.plan().addresses)
        })
    }

    /// How its address space and memory are divided.
    pub(crate) fn plan(&self) -> &Plan {
        &self.inner.plan
    }

    /// Runs `work` on the threads this engine validates and compiles with.
    pub(crate) fn with_threads<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match (&self.inner.threads, self.config().threads) {
            (Some(pool), _) => pool.install(work),
            // Not one thread was to be had.
            (None, Some(_)) => threads::alone(work),
            (None, None) => threads::shared(self.plan().threads, work),
        }
    }

    pub(crate) fn compile_options(&self) -> compile::Options {
        compile::Options {
            opt_level: self.config().opt_level,
            hooks: self.config().needed_hooks(),
            canonical_nans: self.config().canonical_nans,
            checked_memories: self.plan().checked_memories,
            verify_clif: self.config().verify_clif,
            stubs: mangrove_stack::arch::stub_image(),
        }
    }
}
