//! Host functions.
//!
//! ```text
//!  compiled code ──call──▶ to-host trampoline ── parameters to transfer slots
//!       HostFunc { context, … } is what it gets as its instance
//!                          └─ call_host(instance, context.call) ──▶ host_call, on the host's stack
//!                                results in transfer slots, or a reason to leave
//!
//! There is a `host_call` for each kind of code, so that a closure of known types is
//! part of it: no call through a pointer, and no value by way of memory but for the
//! transfer area.
//! ```

use crate::engine::EngineCore;
use crate::error::Error;
use crate::handle::Func;
use crate::host::{HostBody, HostCode, HostFunc};
use crate::id::StorePtr;
use crate::pending::Pending;
use crate::scopes::Hidden;
use crate::store::StoreInner;
use crate::store_code::HOST_MODULE;
use crate::typed::{TypedCode, WasmList, WasmParams, WasmRet};
use crate::value::Val;
use mangrove_abi::{FuncRef, HostContext, InstanceContext, LibcallResult, TypeId};
use mangrove_validate::FuncType;
use smallvec::SmallVec;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::sync::Arc;

impl StoreInner {
    /// The function of a linker's body in this store, made the first time.
    ///
    /// # Errors
    /// As [`StoreInner::add_host_func`].
    ///
    /// # Safety
    /// As [`StoreInner::add_host_func`].
    pub unsafe fn linked_host_func(&mut self, body: &Arc<HostBody>) -> Result<Func, Error> {
        // The function keeps its body, so the address stays its own.
        let address = Arc::as_ptr(body).addr();
        if let Some(&known) = self.linked.get(&address) {
            return Ok(Func::new_ref(self.id, known));
        }
        // SAFETY: by contract.
        let func = unsafe { self.add_host_func(body.clone())? };
        self.linked.insert(address, func.as_ptr());
        Ok(func)
    }

    /// A function of this body in this store.
    ///
    /// # Errors
    /// There is no room for its code.
    ///
    /// # Safety
    /// The body was made for stores with data of the type that this store's has.
    pub unsafe fn add_host_func(&mut self, body: Arc<HostBody>) -> Result<Func, Error> {
        let signature = self.signature(body.type_id)?;
        // SAFETY: signatures live as long as the store.
        let code = self
            .engine
            .host_code(unsafe { signature.as_ref() }, body.kind)?;
        let address = |function: &[Option<u32>]| {
            let index = function.first().copied().flatten();
            let index = index.ok_or_else(|| Error::internal("a host signature lacks a trampoline"));
            index.map(|index| code.address(index))
        };
        let (to_host, entry) = (address(&code.image.to_host)?, address(&code.image.entries)?);
        let index = self.host_funcs.len() as u32;
        let host = Box::leak(Box::new(HostFunc {
            context: HostContext {
                instance: InstanceContext {
                    store: self.ctx.as_ptr(),
                    heap_base: self.heap.base(),
                    owner: 0,
                    index: u64::from(index),
                },
                call: body.call,
            },
            func: FuncRef {
                code: to_host,
                instance: ptr::null_mut(),
                entry,
                type_id: body.type_id,
                index,
            },
            signature,
            run: body.code(),
            body,
            code: code.clone(),
        }));
        let address = NonNull::from(&mut *host);
        host.func.instance = address.as_ptr().cast();
        self.code.add(&code, HOST_MODULE);
        self.host_funcs.push(address);
        // SAFETY: the box was leaked just now and is owned by the list.
        let func = unsafe { NonNull::new_unchecked(&raw mut (*address.as_ptr()).func) };
        Ok(Func::new_ref(self.id, func))
    }
}

/// What a trampoline into host functions calls, for functions of code `C`.
///
/// # Safety
/// Called by a to-host trampoline with its host function, of that code, for an instance.
unsafe extern "C" fn host_call<C: HostCode>(
    instance: *mut InstanceContext,
    first: u64,
    _: u64,
    _: u64,
    _: u64,
) -> LibcallResult {
    let host: *const HostFunc = instance.cast_const().cast();
    // SAFETY: the instance of a host function is its `HostFunc`, which lives as
    // long as the store; compiled code waits, so the store is ours.
    unsafe {
        let store: *mut StoreInner = (*(*instance).store).owner.cast();
        // What the body is given and makes is its own, whatever scope its caller's caller
        // has open. Mostly none is, before and after: then there is nothing to remember.
        if !(*store).handles.scopes.are_open() {
            let left = run::<C>(store, host, first);
            if (*store).handles.scopes.are_open() {
                (*store).handles.scopes.leave(Hidden::default());
            }
            return left;
        }
        beside_scopes::<C>(store, host, first)
    }
}

/// Runs a host function while scopes of its callers are open.
///
/// # Safety
/// As for [`host_call`], of whose store this is.
#[cold]
#[inline(never)]
unsafe fn beside_scopes<C: HostCode>(
    store: *mut StoreInner,
    host: *const HostFunc,
    first: u64,
) -> LibcallResult {
    // SAFETY: by contract.
    unsafe {
        let scopes = (*store).handles.scopes.enter();
        let left = run::<C>(store, host, first);
        // An exception may have come by handles of these: only now.
        (*store).handles.scopes.leave(scopes);
        left
    }
}

/// Runs a host function, and settles how compiled code goes on.
///
/// # Safety
/// As for [`host_call`], of whose store this is.
#[inline(always)]
unsafe fn run<C: HostCode>(
    store: *mut StoreInner,
    host: *const HostFunc,
    first: u64,
) -> LibcallResult {
    // SAFETY: by contract the store is ours.
    unsafe {
        let outer = std::mem::replace(&mut (*store).host_func, host);
        // No panic may leave this function: what called it cannot unwind.
        let done = catch_unwind(AssertUnwindSafe(|| {
            let code = &*(*host).run.cast::<C>();
            code.run(StorePtr::new(NonNull::new_unchecked(store)), &*host, first)
        }));
        match done {
            Ok(Ok(first)) => {
                (*store).host_func = outer;
                LibcallResult::ok(first)
            }
            Ok(Err(error)) => failed(store, outer, error),
            Err(panic) => leave(&mut *store, Pending::Panic(panic)),
        }
    }
}

/// What a host function's error does.
///
/// # Safety
/// As for [`host_call`], of whose store this is.
#[cold]
pub(crate) unsafe fn failed(
    store: *mut StoreInner,
    outer: *const HostFunc,
    error: Error,
) -> LibcallResult {
    // SAFETY: by contract the store is ours.
    let store = unsafe { &mut *store };
    let Error::Exception(exception) = error else {
        return leave(store, error.into());
    };
    // An exception goes on in the Wasm code that called. No panic may leave this either.
    let thrown = catch_unwind(AssertUnwindSafe(|| {
        let exn = store.exception_ref(&exception)?;
        // SAFETY: compiled code waits in the host call.
        unsafe { store.throw(exn) }
    }));
    match thrown.unwrap_or_else(|panic| Err(Pending::Panic(panic))) {
        Ok(()) => {
            store.host_func = outer;
            LibcallResult {
                value: 0,
                status: LibcallResult::CATCH,
            }
        }
        Err(pending) => leave(store, pending),
    }
}

/// Leaves Wasm. `host_func` stays, for the backtrace; the activation restores it.
#[cold]
pub(crate) fn leave(store: &mut StoreInner, pending: Pending) -> LibcallResult {
    store.pending = Some(pending);
    LibcallResult::leave()
}

/// A closure that gets and gives [`Val`]s, and forgot the type of the embedder's data.
/// To be called with a store that nobody else uses meanwhile, and with its data, of
/// that type.
pub type ErasedBody =
    dyn Fn(StorePtr, NonNull<()>, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync;

/// The code of a host function that gets and gives [`Val`]s. For functions of any type:
/// what it gives is checked each time.
struct ValCode(Box<ErasedBody>);

// SAFETY: it goes by the signature of the function it runs for.
unsafe impl HostCode for ValCode {
    unsafe fn run(&self, pointer: StorePtr, host: &HostFunc, first: u64) -> Result<u64, Error> {
        let store = pointer.as_ptr();
        // SAFETY: signatures live as long as the store.
        let signature = unsafe { host.signature.as_ref() };
        let mut args: SmallVec<[Val; 6]> = SmallVec::with_capacity(signature.params.len());
        let data = {
            // SAFETY: the caller's contract; the borrow ends before the body runs.
            let store = unsafe { &mut *store };
            for (index, &kind) in signature.params.iter().enumerate() {
                // SAFETY: the trampoline has put the parameters there.
                args.push(unsafe { store.arrived_one(index, kind, first) });
            }
            store.data
        };
        let mut results: SmallVec<[Val; 2]> =
            signature.results.iter().map(|kind| kind.zero()).collect();
        (self.0)(pointer, data, &args, &mut results)?;
        // SAFETY: the body has returned: nobody else uses the store.
        let store = unsafe { &mut *store };
        for (index, (value, &ty)) in results.iter().zip(&signature.ty.results).enumerate() {
            let slot = store.lower(value, ty)?;
            store.context().transfer[index] = slot;
        }
        // Where there is none, nobody looks at it.
        Ok(store.context().transfer[0].words[0])
    }
}

impl HostBody {
    /// A body of this function type, which it keeps: a closure that gets and gives
    /// [`Val`]s.
    ///
    /// # Errors
    /// The type has too many values, refers to types the engine does not have, or
    /// there are more than it can hold.
    pub fn new(
        engine: &EngineCore,
        name: String,
        ty: &FuncType,
        body: Box<ErasedBody>,
    ) -> Result<Self, Error> {
        let (type_id, hold) = engine.engine_types().func(ty)?;
        // SAFETY: `ValCode` is for functions of any type.
        Ok(unsafe {
            Self::of(
                (type_id, Some(hold)),
                name,
                ValCode(body),
                host_call::<ValCode>,
            )
        })
    }

    /// The same for a type that the engine keeps.
    pub fn of_type(type_id: TypeId, name: String, body: Box<ErasedBody>) -> Self {
        // SAFETY: as above.
        unsafe { Self::of((type_id, None), name, ValCode(body), host_call::<ValCode>) }
    }

    /// A body with the function type that a closure's Rust types say. It gets the store,
    /// its data, and the parameters.
    ///
    /// # Errors
    /// There are more types than the engine can hold.
    pub fn typed<P, R, B>(engine: &EngineCore, name: String, body: B) -> Result<Self, Error>
    where
        P: WasmParams,
        R: WasmRet,
        B: Fn(StorePtr, NonNull<()>, P) -> R + Send + Sync + 'static,
    {
        let ty = FuncType {
            params: P::types(),
            results: R::Values::types(),
        };
        let (type_id, hold) = engine.engine_types().func(&ty)?;
        let call = host_call::<TypedCode<P, R, B>>;
        // SAFETY: the type is that of the code.
        Ok(unsafe { Self::of((type_id, Some(hold)), name, TypedCode::new(body), call) })
    }
}
