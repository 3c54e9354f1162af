//! How types are represented in compiled code and in memory.

use crate::types::{
    AbstractHeap, CompositeType, HeapType, RefType, Repr, StorageType, SubType, ValType,
};

impl AbstractHeap {
    /// How references into this hierarchy are represented.
    pub fn repr(self) -> Repr {
        match self.top() {
            Self::Func => Repr::FuncRef,
            Self::Cont => Repr::ContRef,
            _ => Repr::HeapRef,
        }
    }
}

impl HeapType {
    /// How references to it are represented, given how to look up the
    /// structure of a concrete type.
    pub fn repr_by<'a>(self, composite: impl FnOnce(u32) -> &'a CompositeType) -> Repr {
        match self {
            Self::Abstract(heap) => heap.repr(),
            Self::Concrete(number) => composite(number).abstract_heap().repr(),
        }
    }
}

impl RefType {
    /// How its values are represented; `types` is what its concrete types index.
    pub fn repr(self, types: &[SubType]) -> Repr {
        self.heap.repr_by(|index| &types[index as usize].composite)
    }
}

impl ValType {
    /// How its values are represented; `types` is what its concrete types index.
    pub fn repr(self, types: &[SubType]) -> Repr {
        self.repr_by(|index| &types[index as usize].composite)
    }

    /// How its values are represented, given how to look up the structure of a
    /// concrete type.
    pub fn repr_by<'a>(self, composite: impl FnOnce(u32) -> &'a CompositeType) -> Repr {
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

impl StorageType {
    /// Bytes it takes in an object; `types` is what its concrete types index.
    pub fn size(self, types: &[SubType]) -> u32 {
        self.size_by(|index| &types[index as usize].composite)
    }

    /// Bytes it takes in an object, given how to look up the structure of a
    /// concrete type.
    pub fn size_by<'a>(self, composite: impl FnOnce(u32) -> &'a CompositeType) -> u32 {
        match self {
            Self::I8 => 1,
            Self::I16 => 2,
            Self::Val(ty) => ty.repr_by(composite).size(),
        }
    }

    /// The type of its values on the operand stack.
    pub fn unpacked(self) -> ValType {
        match self {
            Self::I8 | Self::I16 => ValType::I32,
            Self::Val(ty) => ty,
        }
    }
}
