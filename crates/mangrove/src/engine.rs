//! The engine: settings, canonical types, and what is compiled once for all stores.

use crate::code::{LoadedCode, load};
use crate::config::{Config, OptLevel};
use crate::descriptors::DescriptorTable;
use crate::error::Error;
use crate::signature::{Signature, ValueKind};
use hashbrown::HashMap;
use mangrove_abi::{TypeDescriptor, TypeId};
use mangrove_compile as compile;
use mangrove_validate::{CompositeType, FuncType, HeapType, Language, TypeRegistry, ValType};
use std::sync::{Arc, Mutex, PoisonError};

/// Settings and everything modules share: canonical types, their descriptors,
/// the trampolines of host functions. Cheap to clone; clones are the same engine.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<EngineInner>,
}

#[derive(Debug)]
struct EngineInner {
    config: Config,
    types: TypeRegistry,
    descriptors: DescriptorTable,
    /// Trampolines by canonical function type.
    host_code: Mutex<HashMap<TypeId, Arc<LoadedCode>>>,
    threads: Option<rayon::ThreadPool>,
}

impl Engine {
    /// An engine with these settings.
    ///
    /// # Errors
    /// Settings that cannot work, or address space that is not to be had.
    pub fn new(config: &Config) -> Result<Self, Error> {
        config.check()?;
        crate::signals::install()?;
        let threads = match config.threads {
            None => None,
            Some(count) => {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build();
                Some(pool.map_err(|error| {
                    Error::Limit(format!("cannot start {count} compilation threads: {error}"))
                })?)
            }
        };
        let inner = EngineInner {
            config: config.clone(),
            types: TypeRegistry::new(),
            descriptors: DescriptorTable::new()?,
            host_code: Mutex::new(HashMap::new()),
            threads,
        };
        inner.descriptors.publish(&inner.types)?;
        Ok(Self {
            inner: Arc::new(inner),
        })
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

    /// The canonical types of all modules of this engine.
    pub fn types(&self) -> &TypeRegistry {
        &self.inner.types
    }

    /// The canonical id of a function type whose concrete references are
    /// canonical ids.
    ///
    /// # Errors
    /// There are more types than an engine can hold.
    pub fn func_type_id(&self, ty: &FuncType) -> Result<TypeId, Error> {
        let id = self
            .types()
            .intern_func(ty.clone())
            .map_err(|e| Error::Limit(e.to_string()))?;
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
            .map_err(|e| Error::Limit(e.to_string()))?;
        self.publish_types()?;
        Ok(id)
    }

    /// The function type with this canonical id, if it is one.
    pub fn func_type(&self, id: TypeId) -> Option<FuncType> {
        match &self.types().get(id).composite {
            CompositeType::Func(ty) => Some(ty.clone()),
            _ => None,
        }
    }

    /// The value a variable of this canonical type starts with: zero or null;
    /// none for a reference type without null.
    pub fn default_value(&self, ty: ValType) -> Option<crate::Val> {
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
        let code = Arc::new(load(image)?);
        cache.insert(signature.id, code.clone());
        Ok(code)
    }

    /// Runs `work` on the threads this engine validates and compiles with.
    pub(crate) fn with_threads<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.inner.threads {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    pub(crate) fn compile_options(&self) -> compile::Options {
        let hooks = self.config().needed_hooks();
        compile::Options {
            opt_level: match self.config().opt_level {
                OptLevel::Frame => compile::OptLevel::Frame,
                OptLevel::None => compile::OptLevel::None,
                OptLevel::Speed => compile::OptLevel::Speed,
            },
            hooks: compile::Hooks {
                calls: hooks.calls,
                switches: hooks.switches,
            },
            canonical_nans: self.config().canonical_nans,
            verify_clif: self.config().verify_clif,
            stubs: mangrove_stack::arch::stub_image(),
        }
    }
}
