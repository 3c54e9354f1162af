//! What all stores of an engine share: settings, bounds, canonical types, and the
//! trampolines of host functions.

use crate::code::{LoadedCode, load};
use crate::error::Error;
use crate::kind::{ValueKind, kind_of};
use crate::plan::Plan;
use crate::settings::Settings;
use crate::signature::Signature;
use crate::types::{EngineTypes, KeptTypes, TypeCounts};
use crate::value::Val;
use mangrove_abi::{CodeImage, HostKind, TypeDescriptor, TypeId};
use mangrove_validate::{CompositeType, EntityType, FuncType, Repr, TypeRegistry, ValType};
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

/// Compiles the trampolines for host functions of a signature: representations of
/// its parameters, and of its results, and which trampoline leads into the function.
pub type CompileHost = dyn Fn(&[Repr], &[Repr], HostKind) -> Result<CodeImage, Error> + Send + Sync;

/// An engine without its compiler. Clones are the same engine.
#[derive(Clone)]
pub struct EngineCore {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    plan: Plan,
    types: Arc<EngineTypes>,
    /// Types kept as long as the engine, since somebody asked for their numbers.
    kept: Mutex<KeptTypes>,
    compile_host: Box<CompileHost>,
    /// See [`EngineCore::epoch`].
    epoch: AtomicU64,
}

impl fmt::Debug for EngineCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineCore")
            .field("settings", &self.inner.settings)
            .field("plan", &self.inner.plan)
            .field("types", &self.inner.types)
            .finish_non_exhaustive()
    }
}

impl EngineCore {
    /// An engine with these settings, which have been checked, and the plan that
    /// was made for them.
    ///
    /// # Errors
    /// There is no address space for its types.
    ///
    /// # Safety
    /// - `compile_host` gives what the compiler made for the signature, with explicit
    ///   checks of memories if the plan says so: it is loaded, and run.
    /// - `plan` was made for these settings, and they plant no defect, but in tests
    ///   that show what one does.
    pub unsafe fn new(
        settings: Settings,
        plan: Plan,
        compile_host: Box<CompileHost>,
    ) -> Result<Self, Error> {
        let types = EngineTypes::new(plan.type_end, &plan.addresses)?;
        let kept = Mutex::new(KeptTypes::new(&types));
        Ok(Self {
            inner: Arc::new(Inner {
                settings,
                plan,
                types,
                kept,
                compile_host,
                epoch: AtomicU64::new(0),
            }),
        })
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// How its address space and memory are divided.
    pub fn plan(&self) -> &Plan {
        &self.inner.plan
    }

    /// The number of its epoch, at an address that stays for as long as the engine.
    pub fn epoch(&self) -> &AtomicU64 {
        &self.inner.epoch
    }

    /// Whether both are the same engine.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// The canonical types of all modules of this engine, to look them up.
    pub(crate) fn types(&self) -> &TypeRegistry {
        self.inner.types.registry()
    }

    /// The same, to hold them.
    pub(crate) fn engine_types(&self) -> &Arc<EngineTypes> {
        &self.inner.types
    }

    /// Whether something of type `given` may be imported as `wanted`; both canonical.
    pub fn matches_import(&self, given: &EntityType, wanted: &EntityType) -> bool {
        self.types().matches_extern(given, wanted)
    }

    /// How many types it has now.
    pub fn type_counts(&self) -> TypeCounts {
        self.inner.types.counts()
    }

    /// The canonical id of a function type, which is kept from now on.
    ///
    /// # Errors
    /// It has too many values, refers to types this engine does not have, or there
    /// are more types than it can hold.
    pub fn func_type_id(&self, ty: &FuncType) -> Result<TypeId, Error> {
        // A poisoned lock guards what is whole: a type is known once it is held.
        let kept = self.inner.kept.lock();
        kept.unwrap_or_else(PoisonError::into_inner).func(ty)
    }

    /// The function type with this canonical id, if it is one.
    pub fn func_type(&self, id: TypeId) -> Option<FuncType> {
        match &self.types().try_get(id)?.composite {
            CompositeType::Func(ty) => Some(ty.clone()),
            _ => None,
        }
    }

    /// The value a variable of this canonical type starts with: zero or null; none
    /// for a reference type without null, or of a type this engine does not have.
    pub fn default_value(&self, ty: ValType) -> Option<Val> {
        // Nobody need hold the type: it may go while this looks at it.
        kind_of(self.types(), ty)?.default_value(ty)
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
        kind_of(self.types(), ty).expect("a type that is held")
    }

    /// A function type as calls need it.
    pub(crate) fn signature(&self, id: TypeId) -> Result<Signature, Error> {
        let ty = self
            .func_type(id)
            .ok_or_else(|| Error::internal(format!("type {id} is not a function type")))?;
        Ok(Signature::new(id, ty, |ty| self.kind_of(ty)))
    }

    /// The trampolines for host functions of a type, which the caller holds, and of this
    /// kind; compiled the first time.
    pub(crate) fn host_code(
        &self,
        signature: &Signature,
        code: HostKind,
    ) -> Result<Arc<LoadedCode>, Error> {
        self.inner.types.trampolines(signature.id, code, || {
            let (params, results) = (signature.param_reprs(), signature.result_reprs());
            let image = (self.inner.compile_host)(&params, &results, code)?;
            load(image, &self.plan().addresses)
        })
    }
}
