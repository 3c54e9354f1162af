//! Recursion groups: found by key, counted, and removed with the last of their holders.
//!
//! ```text
//!  group ◀── one hold per ── module, store, host function …   (their numbers are good till then)
//!    │
//!    └─ one hold for each mention ─▶ groups of its members' fields, parameters and supertypes
//! ```
//!
//! A group mentions itself and groups that were there before, so holds make no cycle,
//! and what nobody holds can go at once.

use super::RegistryError;
use super::entries::{Entries, Entry, Meaning};
use crate::map::MapTypes;
use crate::types::{CompositeType, SubType};
use mangrove_abi::TypeId;
use mangrove_abi::object::TYPE_END;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Marks a mention of a place in the group. Above every [`TypeId`].
const RELATIVE: u32 = 1 << 31;
const _: () = assert!(TYPE_END <= RELATIVE);

/// What stands in a key for a type: its place, in the same group, or its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Mention(u32);

impl Mention {
    /// Of the type at this place of the group.
    pub(super) fn inside(place: u32) -> Self {
        debug_assert!(place < RELATIVE);
        Self(RELATIVE | place)
    }

    /// Of a type of another group.
    pub(super) fn outside(id: TypeId) -> Self {
        Self(id.as_u32())
    }

    /// The number, if it is of another group.
    fn id(self) -> Option<TypeId> {
        (self.0 & RELATIVE == 0).then_some(TypeId::new(self.0))
    }

    /// The number; `ids` are the group's.
    fn resolve(self, ids: &[TypeId]) -> TypeId {
        self.id()
            .unwrap_or_else(|| ids[(self.0 & !RELATIVE) as usize])
    }
}

/// What a group is found by: its members.
type Key = Box<[SubType<Mention>]>;

/// A recursion group.
#[derive(Debug)]
pub(super) struct Group {
    /// Its members, where references among them are places.
    key: Key,
    /// The members' numbers.
    pub(super) ids: Box<[TypeId]>,
    /// How many hold it; never 0 while it is here.
    holders: usize,
}

impl Group {
    /// Calls `f` for each mention of a type outside.
    fn for_each_outside(&self, f: &mut dyn FnMut(TypeId)) {
        for member in &self.key {
            member.clone().map_types(&mut |mention: Mention| {
                if let Some(id) = mention.id() {
                    f(id);
                }
            });
        }
    }
}

impl Entries {
    /// The numbers of a group's types; the group is added if it is new. The caller
    /// holds it then, once more. The key has a member at least.
    pub(super) fn intern(&mut self, key: Key) -> Result<&[TypeId], RegistryError> {
        let hash = self.hasher.hash_one(&key);
        let groups = &self.groups;
        let known = self
            .by_key
            .find(hash, |first| groups[first].key == key)
            .copied();
        let first = match known {
            Some(first) => first,
            None => self.add(hash, key)?,
        };
        let group = self.groups.get_mut(&first).expect("found or just added");
        group.holders += 1;
        Ok(&group.ids)
    }

    /// Adds a group nobody holds yet, and returns its first number.
    fn add(&mut self, hash: u64, key: Key) -> Result<TypeId, RegistryError> {
        if key.len() > self.room() {
            return Err(RegistryError::Full { limit: self.limit });
        }
        let ids: Box<[TypeId]> = key.iter().map(|_| self.number(Meaning::Free)).collect();
        let first = ids[0];
        for (&id, member) in ids.iter().zip(&key) {
            let resolve = &mut |mention: Mention| mention.resolve(&ids);
            let ty = member.clone().map_types(resolve);
            let entry = self.entry(id, first, ty);
            *self.slot_mut(id) = Meaning::Type(entry);
        }
        // Only now is every type that the fields mention in its place.
        for &id in &ids {
            let layout = self.layout(id);
            self.get_mut(id).layout = layout;
        }
        self.types += ids.len();
        let group = Group {
            key,
            ids,
            holders: 0,
        };
        group.for_each_outside(&mut |id| self.hold(id));
        self.groups.insert(first, group);
        let (groups, hasher) = (&self.groups, &self.hasher);
        self.by_key
            .insert_unique(hash, first, |first| hasher.hash_one(&groups[first].key));
        Ok(first)
    }

    fn entry(&self, id: TypeId, group: TypeId, ty: SubType) -> Entry {
        // A supertype comes before its subtypes, in the same group too.
        let above = ty.supertype.map(|parent| self.get(parent).supers.clone());
        let supers = above
            .iter()
            .flat_map(|above| above.iter().copied())
            .chain([id])
            .collect();
        Entry {
            ty: Arc::new(ty),
            supers,
            layout: None,
            group,
            exception: None,
        }
    }

    /// The number of the type that is alone in its group, final and without
    /// supertype. The caller holds it then.
    pub(super) fn intern_alone(
        &mut self,
        composite: CompositeType,
    ) -> Result<TypeId, RegistryError> {
        self.intern_one(SubType {
            is_final: true,
            supertype: None,
            composite,
        })
    }

    /// The number of a type that is alone in its group. The caller holds it then.
    pub(super) fn intern_one(&mut self, ty: SubType) -> Result<TypeId, RegistryError> {
        let ids = self.intern([ty.map_types(&mut Mention::outside)].into())?;
        Ok(ids[0])
    }

    /// Holds the group of a type once more.
    pub(super) fn hold(&mut self, id: TypeId) {
        let first = self.get(id).group;
        let group = self.groups.get_mut(&first).expect("a type has a group");
        group.holders += 1;
    }

    /// Gives one hold of the group of a type back. What nobody holds any more is
    /// removed, and its numbers are added to `removed`.
    pub(super) fn release(&mut self, id: TypeId, removed: &mut Vec<TypeId>) {
        let mut released = vec![id];
        while let Some(id) = released.pop() {
            let first = self.get(id).group;
            let group = self.groups.get_mut(&first).expect("a type has a group");
            group.holders = group.holders.checked_sub(1).expect("a holder releases");
            if group.holders > 0 {
                continue;
            }
            let hash = self.hasher.hash_one(&group.key);
            if let Ok(found) = self.by_key.find_entry(hash, |&known| known == first) {
                found.remove();
            }
            let group = self.groups.remove(&first).expect("it was just there");
            for &id in &group.ids {
                self.free_type(id, removed);
            }
            group.for_each_outside(&mut |id| released.push(id));
        }
    }

    /// Frees the number of a type, and that of its exceptions.
    fn free_type(&mut self, id: TypeId, removed: &mut Vec<TypeId>) {
        let exception = self.get(id).exception;
        for id in [Some(id), exception].into_iter().flatten() {
            *self.slot_mut(id) = Meaning::Free;
            self.free.push_back(id);
            removed.push(id);
        }
        self.types -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{FuncType, ValType};
    use mangrove_abi::object::TYPE_FIRST;

    fn entries(limit: u32) -> Entries {
        Entries {
            limit,
            ..Entries::default()
        }
    }

    /// The number that is given out as the `n`th.
    fn number(n: u32) -> TypeId {
        TypeId::new(TYPE_FIRST.as_u32() + n)
    }

    fn func(params: usize) -> CompositeType {
        CompositeType::Func(FuncType {
            params: vec![ValType::I32; params],
            results: Vec::new(),
        })
    }

    #[test]
    fn the_last_number_is_given_and_no_more() {
        let mut entries = entries(3);
        for n in 0..3 {
            assert_eq!(entries.intern_alone(func(n)), Ok(number(n as u32)));
        }
        let full = Err(RegistryError::Full { limit: 3 });
        assert_eq!(entries.intern_alone(func(3)), full);
        assert_eq!(entries.exception(TYPE_FIRST), full);
        // What is there is still found.
        assert_eq!(entries.intern_alone(func(2)), Ok(number(2)));
        assert_eq!(entries.len(), 3);
    }

    #[test]
    fn a_number_that_is_free_is_given_again() {
        let mut entries = entries(2);
        let first = entries.intern_alone(func(1)).unwrap();
        let exception = entries.exception(first).unwrap();
        assert_eq!(entries.exception(first), Ok(exception));
        assert!(entries.intern_alone(func(2)).is_err());
        let mut removed = Vec::new();
        entries.release(first, &mut removed);
        assert_eq!(removed, [first, exception]);
        assert_eq!((entries.len(), entries.numbers()), (0, 0));
        assert_eq!(entries.intern_alone(func(2)), Ok(first));
        assert_eq!(entries.intern_alone(func(3)), Ok(exception));
        assert!(entries.contains(exception), "a type now");
    }

    #[test]
    fn a_group_that_does_not_fit_leaves_nothing() {
        let mut entries = entries(2);
        let pair = SubType {
            is_final: true,
            supertype: None,
            composite: CompositeType::Cont(Mention::inside(0)),
        };
        let key = vec![pair; 3].into_boxed_slice();
        assert_eq!(entries.intern(key), Err(RegistryError::Full { limit: 2 }));
        assert_eq!((entries.len(), entries.numbers()), (0, 0));
    }
}
