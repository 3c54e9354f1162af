//! Wasm calls the host: what a host function made of a typed closure runs.

use crate::error::Error;
use crate::host::{HostCode, HostFunc};
use crate::id::StorePtr;
use crate::typed::list::{ExpectedList, WasmList, WasmParams, WasmResults};
use std::error::Error as StdError;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// What a typed host function may return: nothing, one value, a tuple of up to 16, or a
/// `Result` of those. The error may be of any type that is an error, or becomes a boxed
/// one, such as a `String`; whoever called Wasm gets it back by [`Error::downcast`].
///
/// # Examples
/// ```
/// use mangrove::{Caller, Engine, Error, Func, IntoFunc, Linker, WasmParams, WasmRet};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// /// A host function that may return whatever a host function may.
/// fn define<R: WasmRet>(linker: &mut Linker<()>, result: fn() -> R) -> Result<(), Error> {
///     linker.func_wrap("host", "f", result)?;
///     Ok(())
/// }
///
/// let mut linker = Linker::new(&Engine::default());
/// linker.allow_shadowing(true);
/// define(&mut linker, || ())?;
/// define(&mut linker, || (1, 2.5))?;
/// define(&mut linker, || Err::<i32, _>("not today"))?;
/// # Ok(())
/// # }
/// ```
pub trait WasmRet: 'static {
    /// The values.
    type Values: WasmResults;

    /// The values, or the error that ends the Wasm code that called.
    ///
    /// # Errors
    /// The host function's own.
    #[doc(hidden)]
    fn into_values(self) -> Result<Self::Values, Error>;
}

impl<L: WasmList> WasmRet for L {
    type Values = L;

    #[inline(always)]
    fn into_values(self) -> Result<L, Error> {
        Ok(self)
    }
}

impl<L, E> WasmRet for Result<L, E>
where
    L: WasmList,
    E: Into<Box<dyn StdError + Send + Sync>> + 'static,
{
    type Values = L;

    #[inline(always)]
    fn into_values(self) -> Result<L, Error> {
        self.map_err(Error::new)
    }
}

/// The code of a typed host function: a closure that gets the store, the embedder's
/// data and the parameters.
pub struct TypedCode<P, R, B> {
    body: B,
    types: PhantomData<fn(P) -> R>,
}

impl<P, R, B> TypedCode<P, R, B>
where
    P: WasmParams,
    R: WasmRet,
    B: Fn(StorePtr, NonNull<()>, P) -> R + Send + Sync + 'static,
{
    /// Of this closure.
    pub fn new(body: B) -> Self {
        Self {
            body,
            types: PhantomData,
        }
    }
}

// SAFETY: the closure has these parameters and results, which `ty` says.
unsafe impl<P, R, B> HostCode for TypedCode<P, R, B>
where
    P: WasmParams,
    R: WasmRet,
    B: Fn(StorePtr, NonNull<()>, P) -> R + Send + Sync + 'static,
{
    #[inline(always)]
    unsafe fn run(&self, store: StorePtr, host: &HostFunc, first: u64) -> Result<u64, Error> {
        // SAFETY: signatures live as long as the store.
        let ty = unsafe { &host.signature.as_ref().ty };
        let expected = |types| ExpectedList {
            types,
            is_narrower: false,
        };
        // SAFETY: the caller's contract; the borrow ends before the body runs. The
        // trampoline has put parameters of these types there.
        let (data, params) = unsafe {
            let store = &mut *store.as_ptr();
            (store.data, P::lift(store, expected(&ty.params), first))
        };
        let results = (self.body)(store, data, params).into_values()?;
        // SAFETY: the body has returned: nobody else uses the store.
        results.lower(unsafe { &mut *store.as_ptr() }, expected(&ty.results))
    }
}
