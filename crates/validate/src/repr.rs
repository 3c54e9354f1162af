//! How types are represented in compiled code and in memory.

use crate::types::{AbstractHeap, CompositeType, HeapType, Repr, StorageType, SubType, ValType};
use mangrove_abi::TypeIndex;

impl AbstractHeap {
    /// How references into this hierarchy are represented.
    #[doc(hidden)]
    pub fn repr(self) -> Repr {
        match self.top() {
            Self::Func => Repr::FuncRef,
            Self::Cont => Repr::ContRef,
            _ => Repr::HeapRef,
        }
    }
}

impl<T> HeapType<T> {
    /// How references to it are represented, given how to look up the
    /// structure of a concrete type.
    #[doc(hidden)]
    pub fn repr_by<'a>(self, composite: impl FnOnce(T) -> &'a CompositeType<T>) -> Repr
    where
        T: 'a,
    {
        match self {
            Self::Abstract(heap) => heap.repr(),
            Self::Concrete(number) => composite(number).abstract_heap().repr(),
        }
    }
}

impl ValType<TypeIndex> {
    /// How its values are represented; `types` are the module's.
    #[doc(hidden)]
    pub fn repr(self, types: &[SubType<TypeIndex>]) -> Repr {
        self.repr_by(|index| &types[index.index()].composite)
    }
}

impl<T> ValType<T> {
    /// How its values are represented, given how to look up the structure of a
    /// concrete type.
    #[doc(hidden)]
    pub fn repr_by<'a>(self, composite: impl FnOnce(T) -> &'a CompositeType<T>) -> Repr
    where
        T: 'a,
    {
        match self {
            Self::I32 => Repr::I32,
            Self::I64 => Repr::I64,
            Self::F32 => Repr::F32,
            Self::F64 => Repr::F64,
            Self::V128 => Repr::V128,
            Self::Ref(ty) => ty.heap.repr_by(composite),
        }
    }
}

impl StorageType<TypeIndex> {
    /// Bytes it takes in an object; `types` are the module's.
    #[doc(hidden)]
    pub fn size(self, types: &[SubType<TypeIndex>]) -> u32 {
        self.size_by(|index| &types[index.index()].composite)
    }
}

impl<T> StorageType<T> {
    /// Bytes it takes in an object, given how to look up the structure of a
    /// concrete type.
    #[doc(hidden)]
    pub fn size_by<'a>(self, composite: impl FnOnce(T) -> &'a CompositeType<T>) -> u32
    where
        T: 'a,
    {
        match self {
            Self::I8 => 1,
            Self::I16 => 2,
            Self::Val(ty) => ty.repr_by(composite).size(),
        }
    }

    /// The type of its values on the operand stack.
    #[doc(hidden)]
    pub fn unpacked(self) -> ValType<T> {
        match self {
            Self::I8 | Self::I16 => ValType::I32,
            Self::Val(ty) => ty,
        }
    }
}
