//! Structs.

use crate::error::Error;
use crate::handle::HeapHandle;
use crate::heap_type::StructType;
use crate::layout::ObjectLayout;
use crate::objects::error::ObjectError;
use crate::shape::Door;
use crate::store::{AsStore, AsStoreMut, inner, inner_mut};
use crate::value::Val;
use mangrove_abi::TypeId;

/// A reference to a struct: a [`HeapHandle`] that is known to be one.
///
/// # Examples
/// ```
/// # use mangrove::{Config, Engine, Error, FieldType, StorageType, Store};
/// # use mangrove::{StructRef, StructType, Val, ValType};
/// # fn main() -> Result<(), Error> {
/// # let engine = Engine::new(&Config::new())?;
/// # let mut store = Store::new(&engine, ())?;
/// let fields = [FieldType::variable(StorageType::I8), FieldType::constant(ValType::I64)];
/// let ty = StructType::new(&engine, fields)?;
/// let object = StructRef::new(&mut store, &ty, &[Val::I32(0x1ff), Val::I64(7)])?;
/// assert_eq!(object.field(&mut store, 0)?, Val::I32(0xff), "packed");
/// object.set_field(&mut store, 0, &Val::I32(3))?;
/// assert_eq!(object.fields(&mut store)?, [Val::I32(3), Val::I64(7)]);
/// assert!(object.set_field(&mut store, 1, &Val::I64(8)).is_err(), "it is immutable");
/// # Ok(())
/// # }
/// ```
///
/// ```
/// use mangrove::{Engine, FieldType, Store, StructRef, StructType, Val, ValType};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ())?;
/// let ty = StructType::new(&engine, [FieldType::variable(ValType::I64)])?;
/// let object = StructRef::new(&mut store, &ty, &[Val::I64(7)])?;
/// // A handle that no scope ends, of the same object.
/// let owned = object.owned(&mut store)?;
/// assert!(owned.handle().same_object(&store, object.handle())?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct StructRef(HeapHandle);

impl StructRef {
    /// The view of a handle that is known to be to a struct.
    pub(crate) fn of(handle: HeapHandle) -> Self {
        Self(handle)
    }

    /// A new struct with these values; of those for packed fields the low bits.
    ///
    /// # Errors
    /// [`ObjectError::Engine`], [`ObjectError::Count`]; [`Error::Usage`] for a value that
    /// is not of its field's type; a trap if there is no room in the heap. Nothing was
    /// made then.
    ///
    /// # Panics
    /// With a panic of an observer, or of a value of the embedder's that a collection
    /// drops: here and wherever an object is made.
    pub fn new(
        store: &mut impl AsStoreMut,
        ty: &StructType,
        values: &[Val],
    ) -> Result<Self, Error> {
        let store = inner_mut(store);
        let id = ty.id_in(&store.engine)?;
        let layout = store.layout(id)?;
        let ObjectLayout::Struct(parts, size) = &*layout else {
            return Err(Error::internal(format!("type {id} is not a struct")));
        };
        let (given, fields) = (values.len(), parts.len());
        if given != fields {
            return Err(ObjectError::Count { given, fields }.into());
        }
        let mut slots = store.lower_parts(values, parts.iter())?;
        let before = store.collections;
        // SAFETY: the layout is that of the type, a struct's.
        let object = unsafe { store.new_object(id, u64::from(*size))? };
        if store.collections != before {
            // The references have moved. What fitted then fits now.
            slots = store.lower_parts(values, parts.iter())?;
        }
        for (slot, &part) in slots.into_iter().zip(parts) {
            // SAFETY: the object was just made with this layout, and the value fits.
            unsafe { store.write_part(object, part.offset, part, slot, Door::Init) };
        }
        // SAFETY: it was just made.
        Ok(Self(unsafe { store.heap_handle(object) }))
    }

    /// The handle.
    pub fn handle(&self) -> &HeapHandle {
        &self.0
    }

    /// Its type.
    ///
    /// # Errors
    /// It is of another store, or its scope has ended.
    pub fn ty(&self, store: &impl AsStore) -> Result<StructType, Error> {
        let store = inner(store);
        let object = store.heap_ref(&self.0)?;
        // SAFETY: the handle is to a struct of this store.
        let id = unsafe { store.heap.type_of(object) };
        StructType::of(&store.engine, id)
    }

    /// Its field with this index; packed ones zero-extended.
    ///
    /// # Errors
    /// [`ObjectError::NoField`]; it is of another store, or its scope has ended.
    pub fn field(&self, store: &mut impl AsStoreMut, index: usize) -> Result<Val, Error> {
        let store = inner_mut(store);
        let object = store.heap_ref(&self.0)?;
        // SAFETY: the handle is to a struct of this store.
        let part = store.field_of(unsafe { store.heap.type_of(object) }, index)?;
        // SAFETY: the object has that field.
        Ok(unsafe { store.read_part(object, part.offset, part) })
    }

    /// Assigns to a field; to a packed one the low bits.
    ///
    /// # Errors
    /// As [`StructRef::field`]; [`ObjectError::Immutable`]; [`Error::Usage`] for a value
    /// that is not of the field's type. The field is as it was then.
    pub fn set_field(
        &self,
        store: &mut impl AsStoreMut,
        index: usize,
        value: &Val,
    ) -> Result<(), Error> {
        let store = inner_mut(store);
        let object = store.heap_ref(&self.0)?;
        // SAFETY: the handle is to a struct of this store.
        let part = store.field_of(unsafe { store.heap.type_of(object) }, index)?;
        if !part.ty.mutable {
            return Err(ObjectError::Immutable.into());
        }
        let slot = store.lower(value, part.ty.storage.unpacked())?;
        // SAFETY: the object has that field, and the value is of its type.
        unsafe { store.write_part(object, part.offset, part, slot, Door::Assign) };
        Ok(())
    }

    /// All its fields, as [`StructRef::field`] has them.
    ///
    /// # Errors
    /// It is of another store, or its scope has ended.
    pub fn fields(&self, store: &mut impl AsStoreMut) -> Result<Vec<Val>, Error> {
        let inner = inner_mut(store);
        let object = inner.heap_ref(&self.0)?;
        // SAFETY: the handle is to a struct of this store.
        let id: TypeId = unsafe { inner.heap.type_of(object) };
        let fields = match &*inner.layout(id)? {
            ObjectLayout::Struct(parts, _) => parts.len(),
            ObjectLayout::Array(_) => 0,
        };
        (0..fields).map(|index| self.field(store, index)).collect()
    }

    /// As [`HeapHandle::owned`].
    ///
    /// # Errors
    /// It is of another store, or its scope has ended.
    pub fn owned(&self, store: &mut impl AsStoreMut) -> Result<Self, Error> {
        self.0.owned(store).map(Self)
    }
}

impl From<StructRef> for HeapHandle {
    fn from(object: StructRef) -> Self {
        object.0
    }
}

impl From<StructRef> for Val {
    fn from(object: StructRef) -> Self {
        Self::Any(Some(object.0))
    }
}
