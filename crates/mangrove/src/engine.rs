//! The engine: settings, canonical types, and what is compiled once for all stores.

use crate::code::{LoadedCode, load};
use crate::config::Config;
use crate::descriptors::DescriptorTable;
use crate::error::Error;
use crate::handlers::SignalProblem;
use crate::signature::{Signature, ValueKind};
use crate::space::Plan;
use crate::threads;
use hashbrown::HashMap;
use mangrove_abi::{TypeDescriptor, TypeId};
use mangrove_compile as compile;
use mangrove_validate::{
    CompositeType, FuncType, HeapType, Language, RefType, RegistryError, TypeRegistry, ValType,
};
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
    types: TypeRegistry,
    descriptors: DescriptorTable,
    /// The types of the functions of the module `mangrove`.
    own_types: OwnTypes,
    /// Trampolines by canonical function type.
    host_code: Mutex<HashMap<TypeId, Arc<LoadedCode>>>,
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
        let types = TypeRegistry::up_to(plan.type_end);
        let own = |results: Vec<ValType>| {
            let ty = FuncType {
                params: Vec::new(),
                results,
            };
            types.intern_func(ty).map_err(Error::internal)
        };
        let own_types = OwnTypes {
            action: own(vec![])?,
            count: own(vec![ValType::I64])?,
        };
        let inner = EngineInner {
            config: config.clone(),
            types,
            own_types,
            descriptors: DescriptorTable::new(plan.type_end, &plan.addresses)?,
            host_code: Mutex::new(HashMap::new()),
            threads: config.threads.and_then(threads::pool),
            plan,
        };
        inner.descriptors.publish(&inner.types)?;
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

    /// The canonical types of all modules of this engine.
    pub(crate) fn types(&self) -> &TypeRegistry {
        &self.inner.types
    }

    /// The canonical id of a function type whose concrete references are
    /// canonical ids.
    ///
    /// # Errors
    /// [`Error::Limit`] if it has more than 1,000 parameters or results, which is
    /// what a module's function may have, or if there are more types than an engine
    /// can hold; [`Error::Usage`] if it refers to types this engine does not have.
    pub fn func_type_id(&self, ty: &FuncType) -> Result<TypeId, Error> {
        let id = self
            .types()
            .intern_func(ty.clone())
            .map_err(|error| self.no_type(error))?;
        self.publish_types()?;
        Ok(id)
    }

    /// The canonical id of the type of continuations of a function type.
    ///
    /// # Errors
    /// There are more types than an engine can hold.
    pub(crate) fn cont_type_id(&self, func: TypeId) -> Result<TypeId, Error> {
        let id = self
            .types()
            .intern_cont(func)
            .map_err(|error| self.no_type(error))?;
        self.publish_types()?;
        Ok(id)
    }

    /// Refuses a type made by the host that refers to types this engine does not
    /// have.
    pub(crate) fn check_type(&self, ty: ValType) -> Result<(), Error> {
        match ty {
            ValType::Ref(RefType {
                heap: HeapType::Concrete(id),
                ..
            }) if !self.types().contains(id) => {
                Err(Error::usage(RegistryError::Unknown { id }.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// The function type with this canonical id, if it is one.
    pub fn func_type(&self, id: TypeId) -> Option<FuncType> {
        if !self.types().contains(id) {
            return None;
        }
        match &self.types().get(id).composite {
            CompositeType::Func(ty) => Some(ty.clone()),
            _ => None,
        }
    }

    /// The value a variable of this canonical type starts with: zero or null;
    /// none for a reference type without null, or of a type this engine does not have.
    pub fn default_value(&self, ty: ValType) -> Option<crate::Val> {
        self.check_type(ty).ok()?;
        self.kind_of(ty).default_value(ty)
    }

    /// Describes types interned since the last time, so that compiled code and
    /// collector know them.
    pub(crate) fn publish_types(&self) -> Result<(), Error> {
        self.inner.descriptors.publish(&self.inner.types)
    }

    /// The type of exceptions whose tag has this function type.
    pub(crate) fn exception_type(&self, tag_type: TypeId) -> Result<TypeId, Error> {
        self.inner
            .descriptors
            .exception(&self.inner.types, tag_type)
    }

    /// The descriptor table.
    pub(crate) fn descriptors(&self) -> *const TypeDescriptor {
        self.inner.descriptors.base()
    }

    /// How values of a canonical type are handed over.
    pub(crate) fn kind_of(&self, ty: ValType) -> ValueKind {
        let ValType::Ref(reference) = ty else {
            return ValueKind::of_number(ty);
        };
        match reference.heap {
            HeapType::Abstract(heap) => ValueKind::of_hierarchy(heap, reference),
            HeapType::Concrete(id) => match self.types().get(id).composite {
                CompositeType::Func(_) => ValueKind::Func,
                CompositeType::Struct(_) | CompositeType::Array(_) => ValueKind::Any,
                CompositeType::Cont(_) => ValueKind::Cont(reference),
            },
        }
    }

    /// A function type as calls need it.
    pub(crate) fn signature(&self, id: TypeId) -> Result<Signature, Error> {
        let ty = self
            .func_type(id)
            .ok_or_else(|| Error::internal(format!("type {id} is not a function type")))?;
        Ok(Signature::new(self, id, ty))
    }

    /// The trampolines for host functions of a type, compiled the first time.
    pub(crate) fn host_code(&self, signature: &Signature) -> Result<Arc<LoadedCode>, Error> {
        // A poisoned lock guards a map that is whole: entries are added last.
        let mut cache = self
            .inner
            .host_code
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = cache.get(&signature.id) {
            return Ok(code.clone());
        }
        let (params, results) = (signature.param_reprs(), signature.result_reprs());
        let image = compile::compile_host_signature(&params, &results, &self.compile_options())
            .map_err(Error::internal)?;
        let code = Arc::new(load(image, &self.plan().addresses)?);
        cache.insert(signature.id, code.clone());
        Ok(code)
    }

    /// How its address space and memory are divided.
    pub(crate) fn plan(&self) -> &Plan {
        &self.inner.plan
    }

    /// The error for a type of the host's that there cannot be.
    fn no_type(&self, error: RegistryError) -> Error {
        match error {
            RegistryError::Unknown { .. } => Error::usage(error.to_string()),
            RegistryError::TooManyValues { .. } => Error::Limit(error.to_string()),
            RegistryError::Full { .. } => self.too_many_types(error),
        }
    }

    /// The error for types that do not all fit.
    pub(crate) fn too_many_types(&self, error: impl std::fmt::Display) -> Error {
        self.inner.descriptors.full(error)
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
