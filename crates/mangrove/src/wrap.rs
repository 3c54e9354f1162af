//! Closures as host functions.

use crate::access::{Caller, TypedBody};
use mangrove_runtime::{EngineCore, Error, WasmRet, WasmTy};

/// A closure that can be a host function for stores with data of type `T`: with up to 16
/// parameters of types that [`WasmTy`] lists, after a [`Caller`] if it wants one, and
/// results that [`WasmRet`] lists. `Params` and `Results` are found by the compiler.
///
/// # Examples
/// ```
/// use mangrove::{Caller, Config, Engine, Error, IntoFunc, Linker};
///
/// /// Defines a function under two names.
/// fn twice<P, R>(
///     linker: &mut Linker<u32>,
///     func: impl IntoFunc<u32, P, R> + Clone,
/// ) -> Result<(), Error> {
///     linker.func_wrap("host", "one", func.clone())?;
///     linker.func_wrap("host", "other", func)?;
///     Ok(())
/// }
///
/// # fn main() -> Result<(), Error> {
/// let mut linker = Linker::new(&Engine::new(&Config::new())?);
/// twice(&mut linker, |caller: Caller<'_, u32>| *caller.data())?;
/// # Ok(())
/// # }
/// ```
pub trait IntoFunc<T, Params, Results>: Send + Sync + 'static {
    /// The body of the host function.
    ///
    /// # Errors
    /// There are more types than the engine can hold.
    #[doc(hidden)]
    fn into_body(self, engine: &EngineCore, name: String) -> Result<TypedBody<T>, Error>;
}

macro_rules! into_func {
    ($($($param:ident)*;)*) => { $(
        #[allow(non_snake_case, reason = "a parameter is called like its type")]
        impl<T, F, $($param,)* R> IntoFunc<T, ($($param,)*), R> for F
        where
            T: 'static,
            F: Fn($($param),*) -> R + Send + Sync + 'static,
            $($param: WasmTy,)*
            R: WasmRet,
        {
            fn into_body(self, engine: &EngineCore, name: String) -> Result<TypedBody<T>, Error> {
                TypedBody::typed(engine, name, move |_, ($($param,)*)| self($($param),*))
            }
        }

        #[allow(non_snake_case, reason = "a parameter is called like its type")]
        impl<T, F, $($param,)* R> IntoFunc<T, (Caller<'_, T>, $($param,)*), R> for F
        where
            T: 'static,
            F: Fn(Caller<'_, T>, $($param),*) -> R + Send + Sync + 'static,
            $($param: WasmTy,)*
            R: WasmRet,
        {
            fn into_body(self, engine: &EngineCore, name: String) -> Result<TypedBody<T>, Error> {
                TypedBody::typed(engine, name, move |caller: Caller<'_, T>, ($($param,)*)| {
                    self(caller, $($param),*)
                })
            }
        }
    )* };
}

into_func! {
    ;
    P1;
    P1 P2;
    P1 P2 P3;
    P1 P2 P3 P4;
    P1 P2 P3 P4 P5;
    P1 P2 P3 P4 P5 P6;
    P1 P2 P3 P4 P5 P6 P7;
    P1 P2 P3 P4 P5 P6 P7 P8;
    P1 P2 P3 P4 P5 P6 P7 P8 P9;
    P1 P2 P3 P4 P5 P6 P7 P8 P9 P10;
    P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11;
    P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12;
    P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 P13;
    P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 P13 P14;
    P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 P13 P14 P15;
    P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P12 P13 P14 P15 P16;
}
