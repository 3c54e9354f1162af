//! Arrays of numbers, in bulk.

use crate::error::Error;
use crate::heap_type::ArrayType;
use crate::layout::Part;
use crate::objects::array_ref::{ArrayRef, length};
use crate::objects::error::ObjectError;
use crate::store::{AsStoreMut, inner_mut};
use mangrove_validate::{StorageType, ValType};

mod sealed {
    /// # Safety
    /// Every pattern of its bits is a value, and all its bytes are of the value.
    pub unsafe trait Plain: Copy + Default {}
}

/// A number that elements of an array are: signed and unsigned ones fit the same arrays.
///
/// # Examples
/// ```
/// use mangrove::{ArrayRef, ArrayType, Element, Engine, Error, FieldType, Store, StorageType};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// /// The elements of an array, whichever numbers they are.
/// fn elements<T: Element>(store: &mut Store<()>, array: &ArrayRef) -> Result<Vec<T>, Error> {
///     array.to_vec(store)
/// }
///
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ())?;
/// let ty = ArrayType::new(&engine, FieldType::constant(StorageType::I16))?;
/// let array = ArrayRef::from_slice::<u16>(&mut store, &ty, &[1, 2])?;
/// assert_eq!(elements::<u16>(&mut store, &array)?, [1, 2]);
/// assert!(elements::<u8>(&mut store, &array).is_err());
/// # Ok(())
/// # }
/// ```
pub trait Element: sealed::Plain {
    /// What elements store.
    #[doc(hidden)]
    const STORAGE: StorageType;
    /// What it is called.
    #[doc(hidden)]
    const NAME: &'static str;
}

macro_rules! elements {
    ($($rust:ty => $storage:expr;)*) => { $(
        // SAFETY: a number.
        unsafe impl sealed::Plain for $rust {}

        impl Element for $rust {
            const STORAGE: StorageType = $storage;
            const NAME: &'static str = stringify!($rust);
        }
    )* };
}

elements! {
    i8 => StorageType::I8;
    u8 => StorageType::I8;
    i16 => StorageType::I16;
    u16 => StorageType::I16;
    i32 => StorageType::Val(ValType::I32);
    u32 => StorageType::Val(ValType::I32);
    i64 => StorageType::Val(ValType::I64);
    u64 => StorageType::Val(ValType::I64);
    f32 => StorageType::Val(ValType::F32);
    f64 => StorageType::Val(ValType::F64);
}

// Numbers lie in objects as the processor has them, low byte first, and so they do here.
const _: () = assert!(cfg!(target_endian = "little"));

fn bytes<T: Element>(numbers: &[T]) -> &[u8] {
    // SAFETY: all bytes of a `Plain` are of its value.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), size_of_val(numbers)) }
}

fn bytes_mut<T: Element>(numbers: &mut [T]) -> &mut [u8] {
    // SAFETY: as above, and whatever is written there is a value.
    unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), size_of_val(numbers)) }
}

fn check<T: Element>(element: Part) -> Result<(), Error> {
    match element.ty.storage == T::STORAGE {
        true => Ok(()),
        false => Err(ObjectError::Element { given: T::NAME }.into()),
    }
}

impl ArrayRef {
    /// A new array of these numbers.
    ///
    /// # Errors
    /// [`ObjectError::Engine`], [`ObjectError::Element`]; a trap for more than 1 GiB, or
    /// if there is no room in the heap. Nothing was made then.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{ArrayRef, ArrayType, Config, Engine, Error, FieldType, Store, ValType};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// # let mut store = Store::new(&engine, ())?;
    /// let ty = ArrayType::new(&engine, FieldType::variable(ValType::F64))?;
    /// let array = ArrayRef::from_slice(&mut store, &ty, &[0.5, 1.5, 2.5])?;
    /// array.copy_from_slice(&mut store, 1, &[7.0])?;
    /// assert_eq!(array.to_vec::<f64>(&mut store)?, [0.5, 7.0, 2.5]);
    /// assert!(array.to_vec::<f32>(&mut store).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_slice<T: Element>(
        store: &mut impl AsStoreMut,
        ty: &ArrayType,
        numbers: &[T],
    ) -> Result<Self, Error> {
        let store = inner_mut(store);
        let id = ty.id_in(&store.engine)?;
        let element = store.element_of(id)?;
        check::<T>(element)?;
        let len = length(store, numbers.len())?;
        // SAFETY: the type is an array's, of elements of that size.
        let array = unsafe { store.new_array(id, element.size, len)? };
        if !numbers.is_empty() {
            let bytes = bytes(numbers);
            // SAFETY: the array was just made with so many elements, which are numbers.
            unsafe { store.heap.write_bytes(array, element.offset, bytes) };
        }
        // SAFETY: it was just made.
        Ok(Self::of(unsafe { store.heap_handle(array) }))
    }

    /// Copies elements from one on into a slice, as many as it takes.
    ///
    /// # Errors
    /// [`ObjectError::Element`], [`ObjectError::OutOfBounds`]; it is of another store, or
    /// its scope has ended.
    pub fn copy_to_slice<T: Element>(
        &self,
        store: &mut impl AsStoreMut,
        at: u32,
        to: &mut [T],
    ) -> Result<(), Error> {
        let store = inner_mut(store);
        let (array, element) = self.parts(store)?;
        check::<T>(element)?;
        let offset = store.elements(array, element, at, to.len())?;
        // SAFETY: the array has these elements, which are numbers of that size.
        unsafe { store.heap.read_bytes(array, offset, bytes_mut(to)) };
        Ok(())
    }

    /// Assigns numbers to elements, from one on.
    ///
    /// # Errors
    /// As [`ArrayRef::copy_to_slice`]; [`ObjectError::Immutable`]. The array is as it was
    /// then.
    pub fn copy_from_slice<T: Element>(
        &self,
        store: &mut impl AsStoreMut,
        at: u32,
        from: &[T],
    ) -> Result<(), Error> {
        let store = inner_mut(store);
        let (array, element) = self.mutable_parts(store)?;
        check::<T>(element)?;
        let offset = store.elements(array, element, at, from.len())?;
        if !from.is_empty() {
            // SAFETY: the array has these elements, which are numbers of that size.
            unsafe { store.heap.write_bytes(array, offset, bytes(from)) };
        }
        Ok(())
    }

    /// All its elements.
    ///
    /// # Errors
    /// As [`ArrayRef::copy_to_slice`].
    pub fn to_vec<T: Element>(&self, store: &mut impl AsStoreMut) -> Result<Vec<T>, Error> {
        let inner = inner_mut(store);
        let (array, element) = self.parts(inner)?;
        // Before memory is taken for it.
        check::<T>(element)?;
        // SAFETY: an array of this store.
        let len = unsafe { inner.heap.array_len(array) };
        let mut numbers = vec![T::default(); len as usize];
        self.copy_to_slice(store, 0, &mut numbers)?;
        Ok(numbers)
    }
}
