//! Lists of values, as parameters and results are: nothing, one value, or a tuple.

use crate::error::Error;
use crate::store::StoreInner;
use crate::typed::value::{Expected, WasmTy};
use mangrove_abi::{StoreContext, TransferSlot};
use mangrove_validate::ValType;

/// What is known of the types at the other side.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedList<'a> {
    /// As many as the list has values.
    pub types: &'a [ValType],
    /// Whether some values of the Rust types are none of them.
    pub is_narrower: bool,
}

impl<'a> ExpectedList<'a> {
    #[inline(always)]
    fn at(self, index: usize) -> Expected<'a> {
        Expected {
            types: self.types,
            index,
            is_narrower: self.is_narrower,
        }
    }
}

/// Nothing, one value, or a tuple of up to 16.
///
/// # Safety
/// `lower` and `lift` are each other's inverse, value by value, for a list of these types.
///
/// # Examples
/// ```
/// use mangrove::{Engine, Error, Func, FuncType, Store, TypedFunc, ValType, WasmList, WasmParams, WasmResults};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// assert_eq!(<(i32, f64)>::types(), [ValType::I32, ValType::F64]);
///
/// /// A function of one list to another.
/// fn typed<P: WasmParams, R: WasmResults>(
///     store: &mut Store<()>,
///     func: Func,
/// ) -> Result<TypedFunc<P, R>, Error> {
///     assert_eq!(func.ty(store), FuncType { params: P::types(), results: R::types() });
///     func.typed(store)
/// }
///
/// let mut store = Store::new(&Engine::default(), ())?;
/// let func = Func::wrap(&mut store, |n: i32| f64::from(n))?;
/// assert_eq!(typed::<i32, f64>(&mut store, func)?.call(&mut store, 3)?, 3.0);
/// # Ok(())
/// # }
/// ```
pub unsafe trait WasmList: Sized + 'static {
    /// The Wasm types.
    fn types() -> Vec<ValType>;

    /// Writes each value into the transfer slot of its index, but the first if it fits the
    /// payload register. Returns what goes there; where the first value does not, nobody
    /// looks at it.
    ///
    /// # Errors
    /// One is of another store, or not of the expected type.
    #[doc(hidden)]
    fn lower(self, store: &mut StoreInner, expected: ExpectedList<'_>) -> Result<u64, Error>;

    /// Reads each value from the transfer slot of its index, but the first from `first`
    /// if it fits the payload register.
    ///
    /// # Safety
    /// Compiled code has just left values of the expected types there.
    #[doc(hidden)]
    unsafe fn lift(store: &mut StoreInner, expected: ExpectedList<'_>, first: u64) -> Self;
}

/// Parameters of a typed function: nothing, one value, or a tuple of up to 16.
///
/// # Examples
/// See [`WasmList`].
pub trait WasmParams: WasmList {}

impl<L: WasmList> WasmParams for L {}

/// Results of a typed function: nothing, one value, or a tuple of up to 16.
///
/// # Examples
/// See [`WasmList`].
pub trait WasmResults: WasmList {}

impl<L: WasmList> WasmResults for L {}

// SAFETY: as for the tuple of one.
unsafe impl<T: WasmTy> WasmList for T {
    fn types() -> Vec<ValType> {
        vec![T::val_type()]
    }

    #[inline(always)]
    fn lower(self, store: &mut StoreInner, expected: ExpectedList<'_>) -> Result<u64, Error> {
        (self,).lower(store, expected)
    }

    #[inline(always)]
    unsafe fn lift(store: &mut StoreInner, expected: ExpectedList<'_>, first: u64) -> Self {
        // SAFETY: by contract.
        unsafe { <(T,)>::lift(store, expected, first) }.0
    }
}

/// The address of a transfer slot.
#[inline(always)]
fn slot(context: *mut StoreContext, index: usize) -> *mut TransferSlot {
    // SAFETY: the area has more slots than any list has values; the result is not read
    // through before the caller says so.
    unsafe {
        (&raw mut (*context).transfer)
            .cast::<TransferSlot>()
            .add(index)
    }
}

macro_rules! lists {
    ($($($name:ident $index:tt)*;)*) => { $(
        // SAFETY: each value by its own `WasmTy`, at its own index.
        unsafe impl<$($name: WasmTy),*> WasmList for ($($name,)*) {
            fn types() -> Vec<ValType> {
                vec![$($name::val_type()),*]
            }

            #[inline(always)]
            #[allow(unused_variables, reason = "an empty list has no use for them")]
            fn lower(
                self,
                store: &mut StoreInner,
                expected: ExpectedList<'_>,
            ) -> Result<u64, Error> {
                let context = store.ctx.as_ptr();
                #[allow(unused_mut, reason = "an empty list has no use for it")]
                let mut payload = 0;
                $(
                    if $index == 0 && $name::REPR.in_payload_register() {
                        let mut slot = TransferSlot::default();
                        self.$index.lower(store, expected.at($index), &mut slot)?;
                        payload = slot.words[0];
                    } else {
                        // SAFETY: the context is the store's, and no compiled code runs.
                        let slot = unsafe { &mut *slot(context, $index) };
                        self.$index.lower(store, expected.at($index), slot)?;
                    }
                )*
                Ok(payload)
            }

            #[inline(always)]
            #[allow(unused_variables, reason = "an empty list has no use for them")]
            #[allow(clippy::unused_unit, reason = "an empty list is the unit")]
            unsafe fn lift(
                store: &mut StoreInner,
                expected: ExpectedList<'_>,
                first: u64,
            ) -> Self {
                let context = store.ctx.as_ptr();
                ($(
                    if $index == 0 && $name::REPR.in_payload_register() {
                        let slot = TransferSlot::from_u64(first);
                        // SAFETY: by contract.
                        unsafe { $name::lift(store, expected.at($index), &slot) }
                    } else {
                        // SAFETY: by contract; the context is the store's, and no
                        // compiled code runs.
                        unsafe {
                            $name::lift(store, expected.at($index), &*slot(context, $index))
                        }
                    },
                )*)
            }
        }
    )* };
}

lists! {
    ;
    A 0;
    A 0 B 1;
    A 0 B 1 C 2;
    A 0 B 1 C 2 D 3;
    A 0 B 1 C 2 D 3 E 4;
    A 0 B 1 C 2 D 3 E 4 F 5;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15;
}
