//! What a handle refers to: tests and casts.

use crate::error::Error;
use crate::handle::{HandleKind, HeapHandle};
use crate::objects::array_ref::ArrayRef;
use crate::objects::error::ObjectError;
use crate::objects::struct_ref::StructRef;
use crate::store::{AsStore, AsStoreMut, inner};
use crate::value::Val;
use mangrove_abi::TypeId;
use mangrove_validate::{AbstractHeap, HeapType};

impl HeapHandle {
    /// What it refers to.
    ///
    /// # Errors
    /// It is of another store, or its scope has ended.
    pub fn kind(&self, store: &impl AsStore) -> Result<HandleKind, Error> {
        let store = inner(store);
        Ok(store.kind_of_object(store.heap_ref(self)?))
    }

    /// As a struct, if it is one.
    ///
    /// # Errors
    /// As [`HeapHandle::kind`].
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, HeapHandle, Store, StructRef, StructType};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// # let mut store = Store::new(&engine, ())?;
    /// let ty = StructType::new(&engine, [])?;
    /// let empty = StructRef::new(&mut store, &ty, &[])?;
    /// let handle: HeapHandle = empty.clone().into();
    /// assert_eq!(handle.as_struct(&store)?, Some(empty));
    /// assert!(handle.as_array(&store)?.is_none());
    /// assert!(handle.is_a(&store, ty)?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_struct(&self, store: &impl AsStore) -> Result<Option<StructRef>, Error> {
        let is_one = matches!(self.kind(store)?, HandleKind::Struct(_));
        Ok(is_one.then(|| StructRef::of(self.clone())))
    }

    /// As an array, if it is one.
    ///
    /// # Errors
    /// As [`HeapHandle::kind`].
    pub fn as_array(&self, store: &impl AsStore) -> Result<Option<ArrayRef>, Error> {
        let is_one = matches!(self.kind(store)?, HandleKind::Array(_));
        Ok(is_one.then(|| ArrayRef::of(self.clone())))
    }

    /// A part of whatever it is, by its number: a field of a struct, an element of an
    /// array. None where there is no such part; for who prints objects.
    ///
    /// # Errors
    /// As [`HeapHandle::kind`].
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{ArrayRef, ArrayType, Config, Engine, Error, FieldType, HeapHandle};
    /// # use mangrove::{StorageType, Store, Val};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// # let mut store = Store::new(&engine, ())?;
    /// let ty = ArrayType::new(&engine, FieldType::constant(StorageType::I8))?;
    /// let handle: HeapHandle = ArrayRef::from_slice(&mut store, &ty, b"ab")?.into();
    /// assert_eq!(handle.item(&mut store, 1)?, Some(Val::I32(98)));
    /// assert_eq!(handle.item(&mut store, 2)?, None);
    /// assert_eq!(handle.type_id(&store)?, Some(ty.id()));
    /// assert_eq!(handle.array_len(&store), Some(2));
    /// # Ok(())
    /// # }
    /// ```
    pub fn item(&self, store: &mut impl AsStoreMut, index: u32) -> Result<Option<Val>, Error> {
        let part = match self.kind(store)? {
            HandleKind::Struct(_) => StructRef::of(self.clone()).field(store, index as usize),
            HandleKind::Array(_) => ArrayRef::of(self.clone()).get(store, index),
            HandleKind::I31 | HandleKind::Host | HandleKind::Exn => return Ok(None),
        };
        match part {
            Ok(part) => Ok(Some(part)),
            Err(Error::Object(ObjectError::NoField { .. } | ObjectError::OutOfBounds { .. })) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// How many elements an array has; none for anything else, and for what cannot be
    /// looked at: [`ArrayRef::len`] says why.
    pub fn array_len(&self, store: &impl AsStore) -> Option<u32> {
        self.as_array(store).ok()??.len(store).ok()
    }

    /// Whether it is of this heap type, as `ref.test` has it: a
    /// [`StructType`](crate::StructType), an [`ArrayType`](crate::ArrayType), or any other.
    /// External references are of the internal type that `any.convert_extern` gives
    /// them, and of `extern`.
    ///
    /// # Errors
    /// As [`HeapHandle::kind`]; the type is none of the store's engine.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{AbstractHeap, Config, Engine, Error, HeapHandle, HeapType, Store};
    /// # fn main() -> Result<(), Error> {
    /// # let store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// let seven = HeapHandle::from_i31(7);
    /// assert!(seven.is_a(&store, HeapType::Abstract(AbstractHeap::Eq))?);
    /// assert!(!seven.is_a(&store, HeapType::Abstract(AbstractHeap::Struct))?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_a(&self, store: &impl AsStore, ty: impl Into<HeapType>) -> Result<bool, Error> {
        let ty = ty.into();
        let kind = self.kind(store)?;
        let types = inner(store).engine.types();
        if let HeapType::Concrete(id) = ty
            && types.try_get(id).is_none()
        {
            return Err(Error::usage(format!(
                "there is no type {id} in this engine"
            )));
        }
        let given = match kind {
            HandleKind::I31 => HeapType::Abstract(AbstractHeap::I31),
            HandleKind::Struct(id) | HandleKind::Array(id) => HeapType::Concrete(id),
            HandleKind::Host => HeapType::Abstract(AbstractHeap::Any),
            HandleKind::Exn => HeapType::Abstract(AbstractHeap::Exn),
        };
        let outside = ty == HeapType::Abstract(AbstractHeap::Extern) && kind != HandleKind::Exn;
        Ok(outside || types.matches_heap(given, ty))
    }

    /// The canonical type of a struct or an array; none for anything else.
    ///
    /// # Errors
    /// As [`HeapHandle::kind`].
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Engine, Linker, Module, Store, Val};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::default();
    /// let text = "(module (type $bytes (array i8))
    ///     (func (export \"new\") (result (ref $bytes)) (array.new $bytes (i32.const 1) (i32.const 9))))";
    /// let module = Module::new(&engine, text)?;
    /// let mut store = Store::new(&engine, ())?;
    /// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let new = instance.func(&store, "new").expect("it is exported");
    /// let [Val::Any(Some(array))] = &new.call(&mut store, &[])?[..] else { unreachable!() };
    /// let bytes = module.array_type("bytes").expect("a type of this name");
    /// assert_eq!(array.type_id(&store)?, Some(bytes.id()));
    /// assert_eq!(array.array_len(&store), Some(9));
    /// assert_eq!(array.as_array(&store)?.expect("one").len(&store)?, 9);
    /// # Ok(())
    /// # }
    /// ```
    pub fn type_id(&self, store: &impl AsStore) -> Result<Option<TypeId>, Error> {
        match self.kind(store)? {
            HandleKind::Struct(id) | HandleKind::Array(id) => Ok(Some(id)),
            HandleKind::I31 | HandleKind::Host | HandleKind::Exn => Ok(None),
        }
    }

    /// Whether both refer to the same object, or are the same `i31`.
    ///
    /// Objects move, so this is a question to their store: the only one who
    /// knows that no collection is under way.
    ///
    /// # Errors
    /// Either is of another store, or its scope has ended.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{AbstractHeap, Config, Engine, Error, ExternRef, Global, GlobalType};
    /// # use mangrove::{HeapType, RefType, Store, Val, ValType};
    /// # fn main() -> Result<(), Error> {
    /// # let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// # let reference = RefType { nullable: true, heap: HeapType::Abstract(AbstractHeap::Extern) };
    /// # let ty = GlobalType { content: ValType::Ref(reference), mutable: false };
    /// let object = ExternRef::new(&mut store, 7)?;
    /// let global = Global::new(&mut store, ty, object.clone().into())?;
    /// let Val::Extern(Some(again)) = global.get(&mut store)? else { unreachable!() };
    /// assert!(object.handle().same_object(&store, &again)?);
    /// assert_ne!(*object.handle(), again, "a handle of its own");
    /// # Ok(())
    /// # }
    /// ```
    pub fn same_object(&self, store: &impl AsStore, other: &Self) -> Result<bool, Error> {
        let store = inner(store);
        Ok(store.heap_ref(self)? == store.heap_ref(other)?)
    }
}
