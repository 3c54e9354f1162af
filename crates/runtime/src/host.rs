//! What the runtime keeps of a host function: its body, which knows the type of the
//! embedder's data, and what compiled code takes for an instance.

use crate::answer::HostAnswer;
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

/// The same, of a function that may suspend its caller.
pub type SuspendingBody =
    dyn Fn(StorePtr, NonNull<()>, &[Val], &mut [Val]) -> Result<HostAnswer, Error> + Send + Sync;

/// What runs.
enum Body {
    Plain(Box<ErasedBody>),
    Suspending(Box<SuspendingBody>),
    /// Nothing: its code calls a libcall of its own.
    Clone,
}

/// What a host function does, independent of any store.
pub struct HostBody {
    /// Its canonical type.
    pub(crate) type_id: TypeId,
    /// Keeps it, if the engine does not.
    _hold: Option<TypeHold>,
    /// What backtraces call it; may be empty.
    pub(crate) name: String,
    body: Body,
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
        Self::kept(engine, name, ty, Body::Plain(erased))
    }

    /// The same of a function that may suspend its caller.
    ///
    /// # Errors
    /// As [`HostBody::new`].
    pub fn suspending(
        engine: &EngineCore,
        name: String,
        ty: &FuncType,
        erased: Box<SuspendingBody>,
    ) -> Result<Self, Error> {
        Self::kept(engine, name, ty, Body::Suspending(erased))
    }

    fn kept(engine: &EngineCore, name: String, ty: &FuncType, body: Body) -> Result<Self, Error> {
        let (type_id, hold) = engine.engine_types().func(ty)?;
        Ok(Self {
            type_id,
            _hold: Some(hold),
            name,
            body,
        })
    }

    /// A body of a type that the engine keeps.
    pub fn of_type(type_id: TypeId, name: String, erased: Box<ErasedBody>) -> Self {
        Self {
            type_id,
            _hold: None,
            name,
            body: Body::Plain(erased),
        }
    }

    /// What clones continuations, of a type that the store keeps.
    pub(crate) fn clones(type_id: TypeId, name: String) -> Self {
        Self {
            type_id,
            _hold: None,
            name,
            body: Body::Clone,
        }
    }

    /// Which trampoline leads here.
    pub(crate) fn code(&self) -> HostCode {
        match self.body {
            Body::Plain(_) => HostCode::Plain,
            Body::Suspending(_) => HostCode::Suspending,
            Body::Clone => HostCode::Clone,
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
        match &self.body {
            Body::Plain(body) => body(store, data, args, results),
            Body::Suspending(_) | Body::Clone => Err(wrong_trampoline()),
        }
    }

    /// Runs one that may suspend its caller: how it comes back.
    ///
    /// # Safety
    /// As for [`HostBody::call`].
    pub(crate) unsafe fn answer(
        &self,
        store: StorePtr,
        data: NonNull<()>,
        args: &[Val],
        results: &mut [Val],
    ) -> Result<HostAnswer, Error> {
        match &self.body {
            Body::Suspending(body) => body(store, data, args, results),
            Body::Plain(_) | Body::Clone => Err(wrong_trampoline()),
        }
    }
}

fn wrong_trampoline() -> Error {
    Error::internal("a host function was called by another kind of trampoline")
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
