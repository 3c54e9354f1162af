//! The registry's memory: what each number stands for.

use super::groups::Group;
use super::{RegistryError, TypeInfo};
use crate::types::{CompositeType, Repr, StorageType, SubType, ValType};
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use mangrove_abi::object::{ARRAY_ELEMENTS, TYPE_END, TYPE_FIRST, exn_layout};
use mangrove_abi::{Kind, SlotKind, StructLayout, TypeId};
use std::collections::VecDeque;
use std::sync::Arc;

/// One canonical type and what follows from it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) ty: Arc<SubType>,
    /// The display: ancestors from the root down, then the type itself.
    pub(super) supers: Arc<[TypeId]>,
    /// Structs only.
    pub(super) layout: Option<Arc<StructLayout>>,
    /// First number of its group.
    pub(super) group: TypeId,
    /// Functions only: the number of exceptions whose tag has this type, if asked for.
    pub(super) exception: Option<TypeId>,
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

/// What a number stands for.
#[derive(Debug)]
pub(super) enum Meaning {
    /// Nothing, now.
    Free,
    /// A type.
    Type(Entry),
    /// The exceptions whose tag has this function type.
    Exception(TypeId),
}

/// All types, by number and by group.
#[derive(Debug)]
pub(super) struct Entries {
    /// How many numbers there can be.
    pub(super) limit: u32,
    /// By number, from [`TYPE_FIRST`] on.
    pub(super) slots: Vec<Meaning>,
    /// Numbers that stand for nothing any more, the longest unused first: a number that
    /// a host still has in some type then says "unknown" for as long as can be.
    pub(super) free: VecDeque<TypeId>,
    /// How many slots are types.
    pub(super) types: usize,
    /// By the number of their first type.
    pub(super) groups: HashMap<TypeId, Group>,
    /// The same numbers, to be found by the groups' keys.
    pub(super) by_key: HashTable<TypeId>,
    pub(super) hasher: DefaultHashBuilder,
}

impl Default for Entries {
    fn default() -> Self {
        Self::up_to(TYPE_END)
    }
}

impl Entries {
    /// None yet, and never one with this number or a higher one.
    pub(super) fn up_to(end: u32) -> Self {
        let first = TYPE_FIRST.as_u32();
        assert!((first..=TYPE_END).contains(&end), "types up to {end}");
        Self {
            limit: end - first,
            slots: Vec::new(),
            free: VecDeque::new(),
            types: 0,
            groups: HashMap::new(),
            by_key: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// How many types there are.
    pub(super) fn len(&self) -> usize {
        self.types
    }

    /// How many numbers stand for something.
    pub(super) fn numbers(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// How many numbers can still be given out.
    pub(super) fn room(&self) -> usize {
        self.limit as usize - self.numbers()
    }

    /// A number for what `slot` is; the caller knows that there is room.
    pub(super) fn number(&mut self, slot: Meaning) -> TypeId {
        if let Some(id) = self.free.pop_front() {
            *self.slot_mut(id) = slot;
            return id;
        }
        assert!(self.slots.len() < self.limit as usize, "no number is left");
        self.slots.push(slot);
        TypeId::new(TYPE_FIRST.as_u32() + self.slots.len() as u32 - 1)
    }

    /// What a number stands for.
    pub(super) fn slot_mut(&mut self, id: TypeId) -> &mut Meaning {
        &mut self.slots[id.index() - TYPE_FIRST.index()]
    }

    pub(super) fn try_get(&self, id: TypeId) -> Option<&Entry> {
        let at = id.index().checked_sub(TYPE_FIRST.index())?;
        match self.slots.get(at)? {
            Meaning::Type(entry) => Some(entry),
            Meaning::Free | Meaning::Exception(_) => None,
        }
    }

    pub(super) fn contains(&self, id: TypeId) -> bool {
        self.try_get(id).is_some()
    }

    pub(super) fn get(&self, id: TypeId) -> &Entry {
        match self.try_get(id) {
            Some(entry) => entry,
            None => panic!("type {id} is not in this registry"),
        }
    }

    pub(super) fn get_mut(&mut self, id: TypeId) -> &mut Entry {
        match self.slot_mut(id) {
            Meaning::Type(entry) => entry,
            Meaning::Free | Meaning::Exception(_) => panic!("type {id} is not in this registry"),
        }
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

    /// What the collector follows in a field or element.
    fn slot_kind(&self, storage: StorageType) -> Option<SlotKind> {
        match storage {
            StorageType::I8 | StorageType::I16 => None,
            StorageType::Val(ty) => self.repr(ty).slot_kind(),
        }
    }

    pub(super) fn layout(&self, id: TypeId) -> Option<Arc<StructLayout>> {
        let CompositeType::Struct(fields) = self.composite(id) else {
            return None;
        };
        let sizes = fields.iter().map(|field| self.storage_size(field.storage));
        Some(Arc::new(StructLayout::new(sizes)))
    }

    /// The number of exceptions whose tag has this function type.
    pub(super) fn exception(&mut self, tag_type: TypeId) -> Result<TypeId, RegistryError> {
        if let Some(known) = self.get(tag_type).exception {
            return Ok(known);
        }
        if self.room() == 0 {
            return Err(RegistryError::Full { limit: self.limit });
        }
        let id = self.number(Meaning::Exception(tag_type));
        self.get_mut(tag_type).exception = Some(id);
        Ok(id)
    }

    /// What a descriptor says of a type, or of the exceptions with this number.
    pub(super) fn info(&self, id: TypeId) -> TypeInfo {
        let at = id.index().checked_sub(TYPE_FIRST.index());
        match at.and_then(|at| self.slots.get(at)) {
            Some(Meaning::Type(entry)) => self.type_info(id, entry),
            Some(Meaning::Exception(tag_type)) => self.exception_info(id, *tag_type),
            Some(Meaning::Free) | None => panic!("type {id} is not in this registry"),
        }
    }

    /// See [`super::TypeRegistry::part_at`].
    pub(super) fn part_at(&self, id: TypeId, offset: u32) -> Option<(Kind, u32)> {
        let number = |offsets: &[u32]| {
            let number = offsets.iter().position(|&at| at == offset)?;
            Some(number as u32)
        };
        let at = id.index().checked_sub(TYPE_FIRST.index())?;
        match self.slots.get(at)? {
            Meaning::Exception(tag_type) => {
                let (_, layout) = self.payload(*tag_type);
                Some((Kind::Exn, number(&layout.offsets[1..])?))
            }
            Meaning::Type(entry) => match (&entry.ty.composite, &entry.layout) {
                (CompositeType::Struct(_), Some(layout)) => {
                    Some((Kind::Struct, number(&layout.offsets)?))
                }
                (CompositeType::Array(element), _) => {
                    let size = self.storage_size(element.storage);
                    let bytes = offset.checked_sub(ARRAY_ELEMENTS)?;
                    let whole = bytes.is_multiple_of(size);
                    whole.then_some((Kind::Array, bytes / size))
                }
                _ => None,
            },
            Meaning::Free => None,
        }
    }

    /// What exceptions hold whose tag has this function type, and where. The first of
    /// the layout's offsets is the tag's.
    fn payload(&self, tag_type: TypeId) -> (Vec<Repr>, StructLayout) {
        let reprs: Vec<Repr> = match self.composite(tag_type) {
            CompositeType::Func(ty) => ty.params.iter().map(|&ty| self.repr(ty)).collect(),
            _ => unreachable!("a tag without a function type: {tag_type}"),
        };
        let layout = exn_layout(reprs.iter().map(|repr| repr.size()));
        (reprs, layout)
    }

    fn exception_info(&self, id: TypeId, tag_type: TypeId) -> TypeInfo {
        let (reprs, layout) = self.payload(tag_type);
        let kinds = reprs.iter().map(|repr| repr.slot_kind());
        let (refs, conts) = slots(kinds, &layout.offsets[1..]);
        TypeInfo {
            id,
            kind: Kind::Exn,
            size: layout.size,
            refs,
            conts,
            supers: Arc::default(),
            elem_refs: false,
            elem_conts: false,
        }
    }

    fn type_info(&self, id: TypeId, entry: &Entry) -> TypeInfo {
        let mut info = TypeInfo {
            id,
            kind: entry.kind(),
            size: 0,
            refs: Vec::new(),
            conts: Vec::new(),
            supers: entry.supers.clone(),
            elem_refs: false,
            elem_conts: false,
        };
        match (&entry.ty.composite, &entry.layout) {
            (CompositeType::Struct(fields), Some(layout)) => {
                info.size = layout.size;
                let kinds = fields.iter().map(|field| self.slot_kind(field.storage));
                (info.refs, info.conts) = slots(kinds, &layout.offsets);
                info.refs.sort_unstable();
                info.conts.sort_unstable();
            }
            (CompositeType::Struct(_), None) => unreachable!("a struct without layout: {id}"),
            (CompositeType::Array(element), _) => {
                info.size = self.storage_size(element.storage);
                let kind = self.slot_kind(element.storage);
                info.elem_refs = kind == Some(SlotKind::Ref);
                info.elem_conts = kind == Some(SlotKind::Cont);
            }
            (CompositeType::Func(_) | CompositeType::Cont(_), _) => {}
        }
        info
    }
}

/// Of an object's places, those of heap references and those of continuation references.
fn slots(kinds: impl Iterator<Item = Option<SlotKind>>, offsets: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let (mut refs, mut conts) = (Vec::new(), Vec::new());
    for (kind, &offset) in kinds.zip(offsets) {
        match kind {
            Some(SlotKind::Ref) => refs.push(offset),
            Some(SlotKind::Cont) => conts.push(offset),
            None => {}
        }
    }
    (refs, conts)
}
