//! Host functions.
//!
//! ```text
//!  compiled code ──call──▶ to-host trampoline ── parameters to transfer slots
//!       HostFunc { context, … } is what it gets as its instance
//!                          └─ call_host(instance, HostCall) ──▶ host_call, on the host's stack
//!                                results in transfer slots, or a reason to leave
//! ```

use crate::error::Error;
use crate::handle::Func;
use crate::host::{HostBody, HostFunc};
use crate::id::StorePtr;
use crate::pending::Pending;
use crate::store::StoreInner;
use crate::store_code::HOST_MODULE;
use crate::value::Val;
use mangrove_abi::{FuncRef, InstanceContext, LibcallResult};
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
            .host_code(unsafe { signature.as_ref() }, body.code())?;
        let address = |function: &[Option<u32>]| {
            let index = function.first().copied().flatten();
            let index = index.ok_or_else(|| Error::internal("a host signature lacks a trampoline"));
            index.map(|index| code.address(index))
        };
        let (to_host, entry) = (address(&code.image.to_host)?, address(&code.image.entries)?);
        let index = self.host_funcs.len() as u32;
        let host = Box::leak(Box::new(HostFunc {
            context: InstanceContext {
                store: self.ctx.as_ptr(),
                heap_base: self.heap.base(),
                owner: 0,
                index: u64::from(index),
            },
            func: FuncRef {
                code: to_host,
                instance: ptr::null_mut(),
                entry,
                type_id: body.type_id,
                index,
            },
            signature,
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

/// [`mangrove_abi::Libcall::HostCall`].
///
/// # Safety
/// Called by a to-host trampoline with its host function for an instance.
pub unsafe extern "C" fn host_call(
    instance: *mut InstanceContext,
    _: u64,
    _: u64,
    _: u64,
    _: u64,
) -> LibcallResult {
    let host: *const HostFunc = instance.cast_const().cast();
    // SAFETY: the instance of a host function is its `HostFunc`, which lives as
    // long as the store; compiled code waits, so the store is ours.
    unsafe {
        let store: *mut StoreInner = (*(*instance).store).owner.cast();
        let outer = std::mem::replace(&mut (*store).host_func, host);
        // No panic may leave this function: what called it cannot unwind.
        let done = catch_unwind(AssertUnwindSafe(|| match run(store, &*host) {
            // An exception goes on in the Wasm code that called.
            Err(Error::Exception(exception)) => {
                let exn = (*store).exception_ref(&exception)?;
                (*store).throw(exn).map(|()| LibcallResult::CATCH)
            }
            result => result.map(|()| LibcallResult::OK).map_err(Pending::from),
        }));
        match done.unwrap_or_else(|panic| Err(Pending::Panic(panic))) {
            Ok(status) => {
                (*store).host_func = outer;
                LibcallResult { value: 0, status }
            }
            // `host_func` stays, for the backtrace; the activation restores it.
            Err(pending) => {
                (*store).pending = Some(pending);
                LibcallResult::leave()
            }
        }
    }
}

/// Takes the parameters, runs the body, hands over the results.
///
/// # Safety
/// `store` is live and nobody else uses it.
unsafe fn run(store: *mut StoreInner, host: &HostFunc) -> Result<(), Error> {
    // SAFETY: signatures live as long as the store.
    let signature = unsafe { host.signature.as_ref() };
    let mut args: SmallVec<[Val; 6]> = SmallVec::with_capacity(signature.params.len());
    {
        // SAFETY: the caller's contract; the borrow ends before the body runs.
        let store = unsafe { &mut *store };
        for (index, &kind) in signature.params.iter().enumerate() {
            let slot = store.context().transfer[index];
            // SAFETY: the trampoline has put the parameters there.
            args.push(unsafe { store.lift(slot, kind) });
        }
    }
    let mut results: SmallVec<[Val; 2]> =
        signature.results.iter().map(|kind| kind.zero()).collect();
    // SAFETY: the caller's contract: while the body runs it alone, through its
    // `Caller`, uses the store.
    let data = unsafe { (*store).data };
    let pointer = StorePtr::new(NonNull::new(store).expect("a live store"));
    // SAFETY: by contract; whoever added the body vouched for the type of
    // the data. The body has returned by the time the store is used again.
    let store = unsafe {
        host.body.call(pointer, data, &args, &mut results)?;
        &mut *store
    };
    for (index, (value, &ty)) in results.iter().zip(&signature.ty.results).enumerate() {
        let slot = store.lower(value, ty)?;
        store.context().transfer[index] = slot;
    }
    Ok(())
}
