//! Renaming the concrete types inside a type: from a module's indices to
//! canonical ids, and within the registry to and from places in a group.

use crate::module::{EntityType, GlobalType, TableType};
use crate::types::{
    CompositeType, FieldType, FuncType, HeapType, RefType, StorageType, SubType, ValType,
};

/// A type that may refer to concrete types by number.
pub trait MapTypes: Sized {
    /// The same type with every such number replaced by `map` of it.
    fn map_types(self, map: &mut dyn FnMut(u32) -> u32) -> Self;
}

impl MapTypes for HeapType {
    fn map_types(self, map: &mut dyn FnMut(u32) -> u32) -> Self {
        match self {
            Self::Concrete(number) => Self::Concrete(map(number)),
            Self::Abstract(heap) => Self::Abstract(heap),
        }
    }
}

impl MapTypes for RefType {
    fn map_types(self, map: &mut dyn FnMut(u32) -> u32) -> Self {
        Self {
            nullable: self.nullable,
            heap: self.heap.map_types(map),
        }
    }
}

impl MapTypes for ValType {
    fn map_types(self, map: &mut dyn FnMut(u32) -> u32) -> Self {
        match self {
            Self::Ref(ty) => Self::Ref(ty.map_types(map)),
            Self::I32 | Self::I64 | Self::F32 | Self::F64 | Self::V128 => self,
        }
    }
}

impl MapTypes for StorageType {
    fn map_types(self, map: &mut dyn FnMut(u32) -> u32) -> Self {
        match self {
            Self::Val(ty) => Self::Val(ty.map_types(map)),
            Self::I8 | Self::I16 => self,
        }
    }
}

impl MapTypes for FieldType {
    fn map_types(self, map: &mut dyn FnMut(u32) -> u32) -> Self {
        Self {
            storage: self.storage.map_types(map),
            mutable: self.mutable,
        }
    }
}

impl<T: MapTypes> MapTypes for Vec<T> {
    fn map_types(self, map: &mut dyn FnMut(u32) -> u32) -> Self {
        self.into_iter().map(|item| item.map_types(map)).collect()
    }
}

impl MapTypes for FuncType {
    fn map_types(self, map: &mut dyn FnMut(u32) -> u32) -> Self {
        Self {
            params: self.params.map_types(map),
            results: self.results.map_types(map),
        }
    }
}

impl MapTypes for CompositeType {
    fn map_types(self, map: &mut dyn FnMut(u32) -> u32) -> Self {
        match self {
            Self::Func(ty) => Self::Func(ty.map_types(map)),
            Self::Struct(fields) => Self::Struct(fields.map_types(map)),
            Self::Array(element) => Self::Array(element.map_types(map)),
            Self::Cont(number) => Self::Cont(map(number)),
        }
    }
}

impl MapTypes for SubType {
    fn map_types(self, map: &mut dyn FnMut(u32) -> u32) -> Self {
        Self {
            is_final: self.is_final,
            supertype: self.supertype.map(&mut *map),
            composite: self.composite.map_types(map),
        }
    }
}

impl MapTypes for TableType {
    fn map_types(self, map: &mut dyn FnMut(u32) -> u32) -> Self {
        Self {
            element: self.element.map_types(map),
            ..self
        }
    }
}

impl MapTypes for GlobalType {
    fn map_types(self, map: &mut dyn FnMut(u32) -> u32) -> Self {
        Self {
            content: self.content.map_types(map),
            ..self
        }
    }
}

impl MapTypes for EntityType {
    fn map_types(self, map: &mut dyn FnMut(u32) -> u32) -> Self {
        match self {
            Self::Func(number) => Self::Func(map(number)),
            Self::Table(ty) => Self::Table(ty.map_types(map)),
            Self::Memory(ty) => Self::Memory(ty),
            Self::Global(ty) => Self::Global(ty.map_types(map)),
            Self::Tag(number) => Self::Tag(map(number)),
        }
    }
}
