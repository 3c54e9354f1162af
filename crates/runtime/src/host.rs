//! What the runtime keeps of a host function: its body, which knows the type of the
//! embedder's data, and what compiled code takes for an instance.

use crate::code::LoadedCode;
use crate::error::Error;
use crate::id::StorePtr;
use crate::signature::Signature;
use crate::types::TypeHold;
use mangrove_abi::libcall::LibcallFn;
use mangrove_abi::{FuncRef, HostContext, HostKind, TypeId};
use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;

/// What a host function runs.
///
/// # Safety
/// `run` takes parameters and leaves results of the function type that the
/// [`HostBody`] of it is made with.
pub unsafe trait HostCode: Send + Sync + 'static {
    /// Takes the parameters from the transfer area, runs, and leaves the results there. The
    /// first value of each goes by `first` and by what is returned, if it fits the payload
    /// register.
    ///
    /// # Errors
    /// Its own, and results that do not fit its type.
    ///
    /// # Safety
    /// The store is live and nobody else uses it meanwhile; `host` is of this code, and
    /// the store's data of the type that this was made for.
    unsafe fn run(&self, store: StorePtr, host: &HostFunc, first: u64) -> Result<u64, Error>;
}

/// What a host function does, independent of any store.
pub struct HostBody {
    /// Its canonical type.
    pub(crate) type_id: TypeId,
    /// Keeps it, if the engine does not.
    hold: Option<TypeHold>,
    /// What backtraces call it; may be empty.
    pub(crate) name: String,
    /// The code, whose type `call` knows.
    code: Box<dyn HostCode>,
    /// What the trampoline calls, for a host function of this code.
    pub(crate) call: LibcallFn,
    /// Which trampoline leads to it.
    pub(crate) kind: HostKind,
}

impl HostBody {
    /// A body of a type that `hold` keeps, or the engine.
    ///
    /// # Safety
    /// `call` is for code of type `C`, and the code for functions of this type.
    pub(crate) unsafe fn of<C: HostCode>(
        (type_id, hold): (TypeId, Option<TypeHold>),
        name: String,
        code: C,
        call: LibcallFn,
    ) -> Self {
        Self {
            type_id,
            hold,
            name,
            code: Box::new(code),
            call,
            kind: HostKind::Plain,
        }
    }

    /// Address of the code, a `C` of the `call`.
    pub(crate) fn code(&self) -> *const () {
        (&raw const *self.code).cast()
    }

    /// Its canonical type: good for as long as this.
    pub fn type_id(&self) -> TypeId {
        self.type_id
    }
}

impl fmt::Debug for HostBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostBody")
            .field("type_id", &self.type_id)
            .field("hold", &self.hold)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A host function in a store. Its address is what its trampoline takes for an
/// instance.
#[repr(C)]
pub struct HostFunc {
    pub context: HostContext,
    pub func: FuncRef,
    pub signature: NonNull<Signature>,
    /// Address of the body's code.
    pub run: *const (),
    pub body: Arc<HostBody>,
    /// Keeps the trampolines.
    pub code: Arc<LoadedCode>,
}
