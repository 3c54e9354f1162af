//! TODO

use crate::access::Caller;
use crate::code::LoadedCode;
use crate::engine::Engine;
use crate::error::Error;
use crate::id::StorePtr;
use crate::signature::Signature;
use crate::types::TypeHold;
use crate::value::Val;
use mangrove_abi::{FuncRef, InstanceContext, TypeId};
use mangrove_validate::FuncType;
use std::ptr::NonNull;
use std::sync::Arc;

/// A closure that forgot the type of the embedder's data. To be called with a store
/// that nobody else uses meanwhile, and with its data, of that type.
type ErasedBody =
    dyn Fn(StorePtr, NonNull<()>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync;

/// What a host function does, independent of any store.
pub struct HostBody {
    /// Its canonical type.
    pub type_id: TypeId,
    /// Keeps it, if the engine does not.
    _hold: Option<TypeHold>,
    /// What backtraces call it; may be empty.
    pub name: String,
    erased: Box<ErasedBody>,
}

impl HostBody {
    /// A body for stores with data of type `T`.
    pub fn new<T: 'static>(
        engine: &Engine,
        name: String,
        ty: FuncType,
        body: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let (type_id, hold) = engine.engine_types().func(&ty)?;
        Ok(Self::of_type(type_id, Some(hold), name, body))
    }

    /// A body of a type that is held: by what is given, or by the engine.
    pub fn of_type<T: 'static>(
        type_id: TypeId,
        hold: Option<TypeHold>,
        name: String,
        body: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Self {
        let call = move |store, data, args: &[Val], results: &mut [Val]| {
            // SAFETY: by the contract of `call`, the only one to call this.
            body(unsafe { Caller::new(store, data) }, args, results)
        };
        Self {
            type_id,
            _hold: hold,
            name,
            erased: Box::new(call),
        }
    }

    /// Runs it.
    ///
    /// # Safety
    /// The store is live and nobody else uses it meanwhile; `data` is its data, of
    /// the type that this body was made for.
    pub unsafe fn call(
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
