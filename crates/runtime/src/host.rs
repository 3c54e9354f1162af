//! What the runtime keeps of a host function: its body, which knows the type of the
//! embedder's data, and what compiled code takes for an instance.

use crate::code::LoadedCode;
use crate::engine::EngineCore;
use crate::error::Error;
use crate::id::StorePtr;
use crate::signature::Signature;
use crate::types::TypeHold;
use crate::value::Val;
use mangrove_abi::{FuncRef, HostCode, InstanceContext, TypeId};
use mangrove_validate::FuncType;
use std::ptr::NonNull;
use std::sync::Arc;

/// A closure that forgot the type of the embedder's data. To be called with a store
/// that nobody else uses meanwhile, and with its data, of that type.
pub type ErasedBody =
    dyn Fn(StorePtr, NonNull<()>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync;

/// What a host function does, independent of any store.
pub struct HostBody {
    /// Its canonical type.
    pub(crate) type_id: TypeId,
    /// Keeps it, if the engine does not.
    _hold: Option<TypeHold>,
    /// What backtraces call it; may be empty.
    pub(crate) name: String,
    /// How it is called.
    pub(crate) code: HostCode,
    erased: Box<ErasedBody>,
}

impl HostBody {
    /// A body of this function type, which it keeps.
    ///
    /// # Errors
    /// The type has too many values, refers to types the engine does not have, or
    /// there are more than it can hold.
    pub fn new(
        engine: &EngineCore,
        name: String,
        ty: &FuncType,
        erased: Box<ErasedBody>,
    ) -> Result<Self, Error> {
        let (type_id, hold) = engine.engine_types().func(ty)?;
        Ok(Self {
            type_id,
            _hold: Some(hold),
            name,
            code: HostCode::Plain,
            erased,
        })
    }

    /// A body of a type that the engine keeps.
    pub fn of_type(type_id: TypeId, name: String, erased: Box<ErasedBody>) -> Self {
        Self {
            type_id,
            _hold: None,
            name,
            code: HostCode::Plain,
            erased,
        }
    }

    /// Runs it.
    ///
    /// # Safety
    /// The store is live and nobody else uses it meanwhile; `data` is its data, of
    /// the type that this body was made for.
    pub(crate) unsafe fn call(
        &self,
        store: StorePtr,
        data: NonNull<()>,
        args: &[Val],
        results: &mut [Val],
    ) -> Result<(), Error> {
        (self.erased)(store, data, args, results)
    }
}

/// A host function in a store. Its address is what its trampoline takes for an
/// instance.
#[repr(C)]
pub struct HostFunc {
    pub context: InstanceContext,
    pub func: FuncRef,
    pub signature: NonNull<Signature>,
    pub body: Arc<HostBody>,
    /// Keeps the trampolines.
    pub code: Arc<LoadedCode>,
}
