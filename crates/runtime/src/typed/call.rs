//! The host calls Wasm, with values of known types.

use crate::call::call_placed;
use crate::error::Error;
use crate::handle::Func;
use crate::signature::Signature;
use crate::store::{AsStore, AsStoreMut, inner, inner_mut};
use crate::typed::list::{ExpectedList, WasmParams, WasmResults};
use mangrove_validate::FuncType;
use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// A function of a store with parameters `P` and results `R`, which were checked when it
/// was made ([`Func::typed`]). Cheap to copy.
///
/// # Examples
/// ```
/// use mangrove::{Engine, Linker, Module, Store, TypedFunc};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let text = "(module (func (export \"swap\") (param i32 f64) (result f64 i32)
///     (local.get 1) (local.get 0)))";
/// let module = Module::new(&engine, text)?;
/// let mut store = Store::new(&engine, ())?;
/// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// let swap: TypedFunc<(i32, f64), (f64, i32)> = instance.get_typed_func(&mut store, "swap")?;
/// assert_eq!(swap.call(&mut store, (1, 2.5))?, (2.5, 1));
/// # Ok(())
/// # }
/// ```
pub struct TypedFunc<P, R> {
    func: Func,
    /// Of the function: lives as long as the store.
    signature: NonNull<Signature>,
    /// Whether the function takes narrower references than `P` says.
    is_narrower: bool,
    types: PhantomData<fn(P) -> R>,
}

// SAFETY: the address is used only together with the store it belongs to, whose number
// is checked first; signatures do not change.
unsafe impl<P, R> Send for TypedFunc<P, R> {}

// SAFETY: as above.
unsafe impl<P, R> Sync for TypedFunc<P, R> {}

impl<P, R> Clone for TypedFunc<P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, R> Copy for TypedFunc<P, R> {}

impl<P, R> fmt::Debug for TypedFunc<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedFunc").field(&self.func).finish()
    }
}

impl Func {
    /// This function with parameters `P` and results `R`, each nothing, one value or a
    /// tuple ([`WasmTy`](crate::WasmTy) says of which types). Where the function takes
    /// narrower references than `P` says, each call looks at what it is given.
    ///
    /// # Errors
    /// The function is of another type ([`Error::Usage`]), or of another store.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Func, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// let add = Func::wrap(&mut store, |a: i32, b: i32| a + b)?;
    /// let add = add.typed::<(i32, i32), i32>(&mut store)?;
    /// assert_eq!(add.call(&mut store, (2, 3))?, 5);
    /// let error = Func::wrap(&mut store, |_: i64| ())?.typed::<i32, ()>(&mut store).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "type mismatch: a function of type (func (param i64)) is used as (func (param i32))"
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn typed<P, R>(&self, store: &mut impl AsStoreMut) -> Result<TypedFunc<P, R>, Error>
    where
        P: WasmParams,
        R: WasmResults,
    {
        inner(store).check_same_store(self.store, "function")?;
        let store = inner_mut(store);
        let signature = store.callable(self.func)?;
        // SAFETY: signatures live as long as the store.
        let actual = unsafe { &signature.as_ref().ty };
        let wanted = FuncType {
            params: P::types(),
            results: R::types(),
        };
        let is_narrower = store.engine.check_typed(&wanted, actual, "a function")?;
        Ok(TypedFunc {
            func: *self,
            signature,
            is_narrower,
            types: PhantomData,
        })
    }
}

impl<P: WasmParams, R: WasmResults> TypedFunc<P, R> {
    /// The function.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Func, Store};
    /// # fn main() -> Result<(), mangrove::Error> {
    /// # let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// let func = Func::wrap(&mut store, || 1)?;
    /// assert_eq!(func.typed::<(), i32>(&mut store)?.func(), func);
    /// # Ok(())
    /// # }
    /// ```
    pub fn func(&self) -> Func {
        self.func
    }

    /// Calls it and returns its results.
    ///
    /// # Errors
    /// As [`Func::call`]; a function or a handle of another store; a reference that is
    /// none of the function's narrower type.
    ///
    /// # Panics
    /// With a panic of a host function it called.
    ///
    /// # Examples
    /// See [`Func::typed`].
    #[inline]
    pub fn call(&self, store: &mut impl AsStoreMut, params: P) -> Result<R, Error> {
        inner(store).check_same_store(self.func.store, "function")?;
        let store = AsStore::raw(store).as_ptr();
        // SAFETY: `store` is a live store to which we have sole access; no reference to
        // it lives while Wasm runs. The function, its signature and the records are its
        // own, and its types were checked. Between the arguments' lowering and the switch
        // nothing is collected, nor between the switch back and the results' lifting.
        unsafe {
            let ty = &self.signature.as_ref().ty;
            // First, since it may collect.
            let call = (*store).expect_call()?;
            let expected = ExpectedList {
                types: &ty.params,
                is_narrower: self.is_narrower,
            };
            let payload = match params.lower(&mut *store, expected) {
                Ok(payload) => payload,
                Err(error) => return Err((*store).give_up(call, error)),
            };
            let first = call_placed(store, self.func.func, call, payload)?;
            let expected = ExpectedList {
                types: &ty.results,
                is_narrower: false,
            };
            Ok(R::lift(&mut *store, expected, first))
        }
    }
}
