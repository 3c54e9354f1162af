//! Arrays, element by element.

use crate::error::Error;
use crate::handle::HeapHandle;
use crate::heap_type::ArrayType;
use crate::layout::Part;
use crate::objects::error::ObjectError;
use crate::shape::Door;
use crate::store::{AsStore, AsStoreMut, StoreInner, inner, inner_mut};
use crate::value::Val;
use mangrove_abi::object::HeapRef;

/// A reference to an array: a [`HeapHandle`] that is known to be one. Numbers go in and
/// out in bulk: [`ArrayRef::from_slice`] and what follows it.
///
/// # Examples
/// ```
/// # use mangrove::{ArrayRef, ArrayType, Config, Engine, Error, FieldType, Store};
/// # use mangrove::{AbstractHeap, HeapHandle, HeapType, RefType, Val, ValType};
/// # fn main() -> Result<(), Error> {
/// # let engine = Engine::new(&Config::new())?;
/// # let mut store = Store::new(&engine, ())?;
/// let any = RefType { nullable: true, heap: HeapType::Abstract(AbstractHeap::Any) };
/// let ty = ArrayType::new(&engine, FieldType::variable(ValType::Ref(any)))?;
/// let array = ArrayRef::new(&mut store, &ty, &Val::Any(None), 10)?;
/// array.set(&mut store, 9, &Val::Any(Some(HeapHandle::from_i31(5))))?;
/// assert_eq!(array.len(&store)?, 10);
/// assert!(array.get(&mut store, 0)?.is_null() && !array.get(&mut store, 9)?.is_null());
/// # Ok(())
/// # }
/// ```
///
/// ```
/// use mangrove::{ArrayRef, ArrayType, Engine, FieldType, Store, StorageType, Val};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ())?;
/// let ty = ArrayType::new(&engine, FieldType::variable(StorageType::I8))?;
/// let array = ArrayRef::new(&mut store, &ty, &Val::I32(0), 4)?;
/// assert!(!array.is_empty(&store)?);
/// array.fill(&mut store, 1, &Val::I32(b'x'.into()), 2)?;
/// assert_eq!(array.to_vec::<u8>(&mut store)?, b"\0xx\0");
/// array.copy_from_slice(&mut store, 2, b"yz")?;
/// let mut bytes = [0; 3];
/// array.copy_to_slice(&mut store, 1, &mut bytes)?;
/// assert_eq!(&bytes, b"xyz");
/// assert_eq!(array.to_utf8(&mut store)?, "\0xyz");
/// assert_eq!(array.to_utf8_lossy(&mut store)?, "\0xyz");
/// // A handle that no scope ends, of the same object.
/// let owned = array.owned(&mut store)?;
/// assert!(owned.handle().same_object(&store, array.handle())?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayRef(HeapHandle);

impl ArrayRef {
    /// The view of a handle that is known to be to an array.
    pub(crate) fn of(handle: HeapHandle) -> Self {
        Self(handle)
    }

    /// A new array with this value in each of `len` elements; in packed ones its low bits.
    ///
    /// # Errors
    /// [`ObjectError::Engine`]; [`Error::Usage`] for a value that is not of the element's
    /// type; a trap for more than 1 GiB, or if there is no room in the heap. Nothing was
    /// made then.
    pub fn new(
        store: &mut impl AsStoreMut,
        ty: &ArrayType,
        value: &Val,
        len: u32,
    ) -> Result<Self, Error> {
        let store = inner_mut(store);
        let values = std::slice::from_ref(value);
        let (array, element, slots) = make(store, ty, len, values)?;
        let zero = slots[0].words == [0; 2];
        for index in (0..len).filter(|_| !zero) {
            let offset = element.offset + index * element.size;
            // SAFETY: the array was just made with so many elements, and the value fits.
            unsafe { store.write_part(array, offset, element, slots[0], Door::Init) };
        }
        // SAFETY: it was just made.
        Ok(Self(unsafe { store.heap_handle(array) }))
    }

    /// A new array of these values.
    ///
    /// # Errors
    /// As [`ArrayRef::new`].
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{ArrayRef, ArrayType, Config, Engine, Error, FieldType, Store, Val, ValType};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// # let mut store = Store::new(&engine, ())?;
    /// let ty = ArrayType::new(&engine, FieldType::variable(ValType::I64))?;
    /// let array = ArrayRef::new_fixed(&mut store, &ty, &[1, 2, 3, 4].map(Val::I64))?;
    /// array.fill(&mut store, 1, &Val::I64(0), 2)?;
    /// assert_eq!(array.to_vec::<i64>(&mut store)?, [1, 0, 0, 4]);
    /// assert_eq!(array.ty(&store)?, ty);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_fixed(
        store: &mut impl AsStoreMut,
        ty: &ArrayType,
        values: &[Val],
    ) -> Result<Self, Error> {
        let store = inner_mut(store);
        let len = length(store, values.len())?;
        let (array, element, slots) = make(store, ty, len, values)?;
        for (index, &slot) in (0..).zip(&slots) {
            let offset = element.offset + index * element.size;
            // SAFETY: as above.
            unsafe { store.write_part(array, offset, element, slot, Door::Init) };
        }
        // SAFETY: it was just made.
        Ok(Self(unsafe { store.heap_handle(array) }))
    }

    /// The handle.
    pub fn handle(&self) -> &HeapHandle {
        &self.0
    }

    /// Its type.
    ///
    /// # Errors
    /// It is of another store, or its scope has ended.
    pub fn ty(&self, store: &impl AsStore) -> Result<ArrayType, Error> {
        let store = inner(store);
        let array = store.heap_ref(&self.0)?;
        // SAFETY: the handle is to an array of this store.
        let id = unsafe { store.heap.type_of(array) };
        ArrayType::of(&store.engine, id)
    }

    /// How many elements it has.
    ///
    /// # Errors
    /// It is of another store, or its scope has ended.
    pub fn len(&self, store: &impl AsStore) -> Result<u32, Error> {
        let store = inner(store);
        let array = store.heap_ref(&self.0)?;
        // SAFETY: the handle is to an array of this store.
        Ok(unsafe { store.heap.array_len(array) })
    }

    /// Whether it has no elements.
    ///
    /// # Errors
    /// As [`ArrayRef::len`].
    pub fn is_empty(&self, store: &impl AsStore) -> Result<bool, Error> {
        Ok(self.len(store)? == 0)
    }

    /// An element; packed ones zero-extended.
    ///
    /// # Errors
    /// [`ObjectError::OutOfBounds`]; it is of another store, or its scope has ended.
    pub fn get(&self, store: &mut impl AsStoreMut, index: u32) -> Result<Val, Error> {
        let store = inner_mut(store);
        let (array, element) = self.parts(store)?;
        let offset = store.elements(array, element, index, 1)?;
        // SAFETY: the array has that element.
        Ok(unsafe { store.read_part(array, offset, element) })
    }

    /// Assigns to an element; to a packed one the low bits.
    ///
    /// # Errors
    /// As [`ArrayRef::get`]; [`ObjectError::Immutable`]; [`Error::Usage`] for a value that
    /// is not of the element's type. The element is as it was then.
    pub fn set(&self, store: &mut impl AsStoreMut, index: u32, value: &Val) -> Result<(), Error> {
        self.fill(store, index, value, 1)
    }

    /// Assigns one value to `len` elements from one on.
    ///
    /// # Errors
    /// As [`ArrayRef::set`]; the array is as it was then.
    pub fn fill(
        &self,
        store: &mut impl AsStoreMut,
        at: u32,
        value: &Val,
        len: u32,
    ) -> Result<(), Error> {
        let store = inner_mut(store);
        let (array, element) = self.mutable_parts(store)?;
        let offset = store.elements(array, element, at, len as usize)?;
        let slot = store.lower(value, element.ty.storage.unpacked())?;
        for index in 0..len {
            let offset = offset + index * element.size;
            // SAFETY: the array has that element, and the value is of its type.
            unsafe { store.write_part(array, offset, element, slot, Door::Assign) };
        }
        Ok(())
    }

    /// As [`HeapHandle::owned`].
    ///
    /// # Errors
    /// It is of another store, or its scope has ended.
    pub fn owned(&self, store: &mut impl AsStoreMut) -> Result<Self, Error> {
        self.0.owned(store).map(Self)
    }

    /// The array, and its first element.
    pub(crate) fn parts(&self, store: &mut StoreInner) -> Result<(HeapRef, Part), Error> {
        let array = store.heap_ref(&self.0)?;
        // SAFETY: the handle is to an array of this store.
        let id = unsafe { store.heap.type_of(array) };
        Ok((array, store.element_of(id)?))
    }

    /// The same, if elements can be assigned.
    pub(crate) fn mutable_parts(&self, store: &mut StoreInner) -> Result<(HeapRef, Part), Error> {
        let (array, element) = self.parts(store)?;
        match element.ty.mutable {
            true => Ok((array, element)),
            false => Err(ObjectError::Immutable.into()),
        }
    }
}

/// The length of an array of so many elements. More than there can be is a trap, as it is
/// in Wasm.
pub(crate) fn length(store: &StoreInner, len: usize) -> Result<u32, Error> {
    u32::try_from(len).map_err(|_| Error::trap(store.exhaustion(u64::MAX)))
}

/// A new array of `len` elements, all zero, its element, and these values for elements,
/// of which the caller writes each.
fn make(
    store: &mut StoreInner,
    ty: &ArrayType,
    len: u32,
    values: &[Val],
) -> Result<(HeapRef, Part, crate::objects::parts::Lowered), Error> {
    let id = ty.id_in(&store.engine)?;
    let element = store.element_of(id)?;
    let lower = |store: &StoreInner| store.lower_parts(values, std::iter::repeat(&element));
    let mut slots = lower(store)?;
    let before = store.collections;
    // SAFETY: the type is an array's, of elements of that size.
    let array = unsafe { store.new_array(id, element.size, len)? };
    if store.collections != before {
        // The references have moved. What fitted then fits now.
        slots = lower(store)?;
    }
    Ok((array, element, slots))
}

impl From<ArrayRef> for HeapHandle {
    fn from(array: ArrayRef) -> Self {
        array.0
    }
}

impl From<ArrayRef> for Val {
    fn from(array: ArrayRef) -> Self {
        Self::Any(Some(array.0))
    }
}
