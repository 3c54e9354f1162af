//! Renaming the concrete types inside a type: from a module's indices to
//! canonical ids, and within the registry to and from places in a group.

use crate::module::{EntityType, GlobalType, TableType};
use crate::types::{
    CompositeType, FieldType, FuncType, HeapType, RefType, StorageType, SubType, ValType,
};

/// A type that may refer to concrete types, by an `A`.
pub trait MapTypes<A, B> {
    /// The same kind of type, which refers to them by a `B`.
    type Mapped;

    /// The same type with every such `A` replaced by `map` of it.
    fn map_types(self, map: &mut dyn FnMut(A) -> B) -> Self::Mapped;
}

impl<A, B> MapTypes<A, B> for HeapType<A> {
    type Mapped = HeapType<B>;

    fn map_types(self, map: &mut dyn FnMut(A) -> B) -> Self::Mapped {
        match self {
            Self::Concrete(number) => HeapType::Concrete(map(number)),
            Self::Abstract(heap) => HeapType::Abstract(heap),
        }
    }
}

impl<A, B> MapTypes<A, B> for RefType<A> {
    type Mapped = RefType<B>;

    fn map_types(self, map: &mut dyn FnMut(A) -> B) -> Self::Mapped {
        RefType {
            nullable: self.nullable,
            heap: self.heap.map_types(map),
        }
    }
}

impl<A, B> MapTypes<A, B> for ValType<A> {
    type Mapped = ValType<B>;

    fn map_types(self, map: &mut dyn FnMut(A) -> B) -> Self::Mapped {
        match self {
            Self::Ref(ty) => ValType::Ref(ty.map_types(map)),
            Self::I32 => ValType::I32,
            Self::I64 => ValType::I64,
            Self::F32 => ValType::F32,
            Self::F64 => ValType::F64,
            Self::V128 => ValType::V128,
        }
    }
}

impl<A, B> MapTypes<A, B> for StorageType<A> {
    type Mapped = StorageType<B>;

    fn map_types(self, map: &mut dyn FnMut(A) -> B) -> Self::Mapped {
        match self {
            Self::Val(ty) => StorageType::Val(ty.map_types(map)),
            Self::I8 => StorageType::I8,
            Self::I16 => StorageType::I16,
        }
    }
}

impl<A, B> MapTypes<A, B> for FieldType<A> {
    type Mapped = FieldType<B>;

    fn map_types(self, map: &mut dyn FnMut(A) -> B) -> Self::Mapped {
        FieldType {
            storage: self.storage.map_types(map),
            mutable: self.mutable,
        }
    }
}

impl<A, B, T: MapTypes<A, B>> MapTypes<A, B> for Vec<T> {
    type Mapped = Vec<T::Mapped>;

    fn map_types(self, map: &mut dyn FnMut(A) -> B) -> Self::Mapped {
        self.into_iter().map(|item| item.map_types(map)).collect()
    }
}

impl<A, B> MapTypes<A, B> for FuncType<A> {
    type Mapped = FuncType<B>;

    fn map_types(self, map: &mut dyn FnMut(A) -> B) -> Self::Mapped {
        FuncType {
            params: self.params.map_types(map),
            results: self.results.map_types(map),
        }
    }
}

impl<A, B> MapTypes<A, B> for CompositeType<A> {
    type Mapped = CompositeType<B>;

    fn map_types(self, map: &mut dyn FnMut(A) -> B) -> Self::Mapped {
        match self {
            Self::Func(ty) => CompositeType::Func(ty.map_types(map)),
            Self::Struct(fields) => CompositeType::Struct(fields.map_types(map)),
            Self::Array(element) => CompositeType::Array(element.map_types(map)),
            Self::Cont(number) => CompositeType::Cont(map(number)),
        }
    }
}

impl<A, B> MapTypes<A, B> for SubType<A> {
    type Mapped = SubType<B>;

    fn map_types(self, map: &mut dyn FnMut(A) -> B) -> Self::Mapped {
        SubType {
            is_final: self.is_final,
            supertype: self.supertype.map(&mut *map),
            composite: self.composite.map_types(map),
        }
    }
}

impl<A, B> MapTypes<A, B> for TableType<A> {
    type Mapped = TableType<B>;

    fn map_types(self, map: &mut dyn FnMut(A) -> B) -> Self::Mapped {
        TableType {
            element: self.element.map_types(map),
            table64: self.table64,
            minimum: self.minimum,
            maximum: self.maximum,
        }
    }
}

impl<A, B> MapTypes<A, B> for GlobalType<A> {
    type Mapped = GlobalType<B>;

    fn map_types(self, map: &mut dyn FnMut(A) -> B) -> Self::Mapped {
        GlobalType {
            content: self.content.map_types(map),
            mutable: self.mutable,
        }
    }
}

impl<A, B> MapTypes<A, B> for EntityType<A> {
    type Mapped = EntityType<B>;

    fn map_types(self, map: &mut dyn FnMut(A) -> B) -> Self::Mapped {
        match self {
            Self::Func(number) => EntityType::Func(map(number)),
            Self::Table(ty) => EntityType::Table(ty.map_types(map)),
            Self::Memory(ty) => EntityType::Memory(ty),
            Self::Global(ty) => EntityType::Global(ty.map_types(map)),
            Self::Tag(number) => EntityType::Tag(map(number)),
        }
    }
}
