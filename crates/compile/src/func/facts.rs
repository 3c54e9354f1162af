//! What types say of a reference beyond its representation: so much is not tested again.
//!
//! A body is valid, so an operand that comes from a local, a field or a call has the type
//! that was declared there. That is noted beside the operand, and not of the value: the same
//! value may be an operand of two types, of which one was tested for.

use mangrove_abi::TypeIndex;
use mangrove_validate::{AbstractHeap, HeapType, ValType};
use wasmparser::AbstractHeapType;

/// What is known of a reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// It is not null.
    pub non_null: bool,
    /// If it is not null, it has a header: it is no `i31`.
    pub object: bool,
}

impl Facts {
    /// Of a value of a type of the module.
    pub fn of(ty: ValType<TypeIndex>) -> Self {
        let ValType::Ref(ty) = ty else {
            return Self::default();
        };
        let object = match ty.heap {
            HeapType::Concrete(_) => true,
            HeapType::Abstract(heap) => matches!(
                heap,
                AbstractHeap::Struct | AbstractHeap::Array | AbstractHeap::Exn | AbstractHeap::None
            ),
        };
        Self {
            non_null: !ty.nullable,
            object,
        }
    }

    /// Of a value of a type as a body names it.
    pub fn of_named(ty: wasmparser::ValType) -> Self {
        match ty {
            wasmparser::ValType::Ref(ty) => Self::of_reference(ty.heap_type(), ty.is_nullable()),
            _ => Self::default(),
        }
    }

    /// Of a reference to a heap type as a body names it.
    pub fn of_reference(ty: wasmparser::HeapType, nullable: bool) -> Self {
        use AbstractHeapType as T;
        let object = match ty {
            wasmparser::HeapType::Abstract { ty, .. } => {
                matches!(ty, T::Struct | T::Array | T::Exn | T::None)
            }
            wasmparser::HeapType::Concrete(_) | wasmparser::HeapType::Exact(_) => true,
        };
        Self {
            non_null: !nullable,
            object,
        }
    }

    /// The same of a reference that turned out to be of this type.
    pub fn and(self, ty: wasmparser::HeapType, nullable: bool) -> Self {
        let other = Self::of_reference(ty, nullable);
        Self {
            non_null: self.non_null || other.non_null,
            object: self.object || other.object,
        }
    }
}
