//! The registry's memory: entries by number, groups by key.

use super::{RegistryError, TypeInfo};
use crate::map::MapTypes;
use crate::types::{CompositeType, Repr, StorageType, SubType, ValType};
use hashbrown::HashMap;
use mangrove_abi::object::{TYPE_END, TYPE_FIRST};
use mangrove_abi::{Kind, StructLayout, TypeId};
use std::sync::Arc;

/// Marks, in a key, a reference to a place in the group. Above every [`TypeId`].
const RELATIVE: u32 = 1 << 31;
const _: () = assert!(TYPE_END <= RELATIVE);

/// What stands in a key for the type at this place of the group.
pub(super) fn in_group(place: u32) -> u32 {
    debug_assert!(place < RELATIVE);
    RELATIVE | place
}

/// One canonical type and what follows from it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) ty: Arc<SubType>,
    /// The display: ancestors from the root down, then the type itself.
    pub(super) supers: Arc<[TypeId]>,
    /// Structs only.
    pub(super) layout: Option<Arc<StructLayout>>,
}

impl Entry {
    pub(super) fn kind(&self) -> Kind {
        match self.ty.composite {
            CompositeType::Struct(_) => Kind::Struct,
            CompositeType::Array(_) => Kind::Array,
            CompositeType::Func(_) => Kind::Func,
            CompositeType::Cont(_) => Kind::Cont,
        }
    }
}

/// All types, by number and by group.
#[derive(Debug)]
pub(super) struct Entries {
    /// How many types there can be.
    limit: u32,
    entries: Vec<Entry>,
    /// Number of each group's first type; the others follow it.
    groups: HashMap<Box<[SubType]>, TypeId>,
}

impl Default for Entries {
    fn default() -> Self {
        Self::up_to(TYPE_END)
    }
}

impl Entries {
    /// None yet, and never one with this number or a higher one.
    pub(super) fn up_to(end: TypeId) -> Self {
        assert!((TYPE_FIRST..=TYPE_END).contains(&end), "types up to {end}");
        Self {
            limit: end - TYPE_FIRST,
            entries: Vec::new(),
            groups: HashMap::new(),
        }
    }
}

impl Entries {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn contains(&self, id: TypeId) -> bool {
        id >= TYPE_FIRST && ((id - TYPE_FIRST) as usize) < self.entries.len()
    }

    pub(super) fn get(&self, id: TypeId) -> &Entry {
        assert!(self.contains(id), "type {id} is not in this registry");
        &self.entries[(id - TYPE_FIRST) as usize]
    }

    fn composite(&self, id: TypeId) -> &CompositeType {
        &self.get(id).ty.composite
    }

    pub(super) fn repr(&self, ty: ValType) -> Repr {
        ty.repr_by(|id| self.composite(id))
    }

    pub(super) fn storage_size(&self, storage: StorageType) -> u32 {
        storage.size_by(|id| self.composite(id))
    }

    fn is_heap_ref(&self, storage: StorageType) -> bool {
        matches!(storage, StorageType::Val(ty) if self.repr(ty) == Repr::HeapRef)
    }

    /// The number of a group's first type; the group is added if it is new.
    pub(super) fn intern(&mut self, key: Box<[SubType]>) -> Result<TypeId, RegistryError> {
        if let Some(&first) = self.groups.get(&key) {
            return Ok(first);
        }
        if key.len() > self.limit as usize - self.entries.len() {
            return Err(RegistryError::Full { limit: self.limit });
        }
        let first = TYPE_FIRST + self.entries.len() as TypeId;
        for member in &key {
            self.push(member.clone().map_types(&mut |number| {
                if number & RELATIVE == 0 {
                    number
                } else {
                    first + (number & !RELATIVE)
                }
            }));
        }
        // Only now is every type that the fields mention in its place.
        for id in first..first + key.len() as TypeId {
            let layout = self.layout(id);
            self.entries[(id - TYPE_FIRST) as usize].layout = layout;
        }
        self.groups.insert(key, first);
        Ok(first)
    }

    /// The number of the type that is alone in its group, final and without
    /// supertype.
    pub(super) fn intern_alone(
        &mut self,
        composite: CompositeType,
    ) -> Result<TypeId, RegistryError> {
        self.intern(
            [SubType {
                is_final: true,
                supertype: None,
                composite,
            }]
            .into(),
        )
    }

    fn push(&mut self, ty: SubType) {
        let id = TYPE_FIRST + self.entries.len() as TypeId;
        // A supertype comes before its subtypes, in the same group too.
        let above = ty.supertype.map(|parent| self.get(parent).supers.clone());
        let supers = above
            .iter()
            .flat_map(|above| above.iter().copied())
            .chain([id])
            .collect();
        self.entries.push(Entry {
            ty: Arc::new(ty),
            supers,
            layout: None,
        });
    }

    fn layout(&self, id: TypeId) -> Option<Arc<StructLayout>> {
        let CompositeType::Struct(fields) = self.composite(id) else {
            return None;
        };
        let sizes = fields.iter().map(|field| self.storage_size(field.storage));
        Some(Arc::new(StructLayout::new(sizes)))
    }

    pub(super) fn infos(&self, known: usize) -> Vec<TypeInfo> {
        let first = TYPE_FIRST + known as TypeId;
        let entries = self.entries.iter().skip(known);
        (first..)
            .zip(entries)
            .map(|(id, entry)| self.info(id, entry))
            .collect()
    }

    fn info(&self, id: TypeId, entry: &Entry) -> TypeInfo {
        let mut info = TypeInfo {
            id,
            kind: entry.kind(),
            size: 0,
            refs: Vec::new(),
            supers: entry.supers.clone(),
            elem_refs: false,
        };
        match (&entry.ty.composite, &entry.layout) {
            (CompositeType::Struct(fields), Some(layout)) => {
                info.size = layout.size;
                let places = fields.iter().zip(&layout.offsets);
                info.refs = places
                    .filter(|(field, _)| self.is_heap_ref(field.storage))
                    .map(|(_, &offset)| offset)
                    .collect();
                info.refs.sort_unstable();
            }
            (CompositeType::Struct(_), None) => unreachable!("a struct without layout: {id}"),
            (CompositeType::Array(element), _) => {
                info.size = self.storage_size(element.storage);
                info.elem_refs = self.is_heap_ref(element.storage);
            }
            (CompositeType::Func(_) | CompositeType::Cont(_), _) => {}
        }
        info
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::FuncType;

    #[test]
    fn the_last_number_is_given_and_no_more() {
        let mut entries = Entries {
            limit: 3,
            ..Entries::default()
        };
        let func = |params: usize| {
            CompositeType::Func(FuncType {
                params: vec![ValType::I32; params],
                results: Vec::new(),
            })
        };
        for n in 0..3 {
            assert_eq!(entries.intern_alone(func(n)), Ok(TYPE_FIRST + n as TypeId));
        }
        let full = Err(RegistryError::Full { limit: 3 });
        assert_eq!(entries.intern_alone(func(3)), full);
        // What is there is still found.
        assert_eq!(entries.intern_alone(func(2)), Ok(TYPE_FIRST + 2));
        assert_eq!(entries.len(), 3);
    }

    #[test]
    fn a_group_that_does_not_fit_leaves_nothing() {
        let mut entries = Entries {
            limit: 2,
            ..Entries::default()
        };
        let pair = SubType {
            is_final: true,
            supertype: None,
            composite: CompositeType::Cont(in_group(0)),
        };
        let key = vec![pair; 3].into_boxed_slice();
        assert_eq!(entries.intern(key), Err(RegistryError::Full { limit: 2 }));
        assert_eq!(entries.len(), 0);
    }
}
