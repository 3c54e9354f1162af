//! The types of all modules of an engine, each once.
//!
//! Wasm types are equal when their recursion groups are: same length, same
//! place, and each pair of members alike, where a reference within the group
//! counts by its place and one to the outside by the type it leads to. So a
//! group is looked up by a key in which both are numbers:
//!
//! ```text
//!  module       (rec (type 4 (struct (ref 5))) (type 5 (array (ref 1))))      ids of 0..4 known
//!  key               [struct (ref RELATIVE|1) ,  array (ref id of 1)]
//!  canonical     17 = struct (ref 18)         18 = array (ref 16)
//!                     └── entries, in order of their numbers, first is TYPE_FIRST
//! ```
//!
//! A number is good for as long as somebody holds the group of its type. What makes
//! or finds a type ([`TypeRegistry::intern`] and its siblings) holds it for the caller,
//! who gives the hold back ([`TypeRegistry::release`]); a group holds those it
//! mentions. With the last hold the group goes, and its numbers are given out again.

mod entries;
mod groups;
mod matching;
mod objects;

use crate::map::MapTypes;
use crate::module::ParsedModule;
use crate::types::{CompositeType, FuncType, HeapType, Repr, StorageType, SubType, ValType};
use entries::Entries;
use groups::Mention;
use mangrove_abi::{Kind, StructLayout, TRANSFER_SLOTS, TypeId, TypeIndex};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Most parameters, and most results, of a function type. Validation allows
/// modules no more, and what travels between them and the host is made for it.
pub const MOST_VALUES: usize = 1000;
const _: () = assert!(MOST_VALUES <= TRANSFER_SLOTS);

/// Why a type cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// Every [`TypeId`] is taken: types, and exceptions of tags, have one each.
    #[error("too many types in one engine: the limit is {limit}")]
    Full {
        /// How many there can be.
        limit: u32,
    },
    /// A host's function type has more values than a module's may have.
    #[error("a function type of {count} {what}: the limit is {MOST_VALUES}")]
    TooManyValues {
        /// How many.
        count: usize,
        /// Parameters or results.
        what: &'static str,
    },
    /// A host's struct type has more fields than a module's may have.
    #[error(
        "a struct type of {count} fields: the limit is {}",
        objects::MOST_FIELDS
    )]
    TooManyFields {
        /// How many.
        count: usize,
    },
    /// A host's type cannot be below the supertype it declares.
    #[error("type {supertype} cannot be the supertype: {why}")]
    NoSubtype {
        /// The supertype.
        supertype: TypeId,
        /// Why not.
        why: &'static str,
    },
    /// A host's type refers to a type this registry does not have.
    #[error("there is no type with the number {id} in this engine")]
    Unknown {
        /// The number.
        id: TypeId,
    },
}

/// What a descriptor says of a type, or of the exceptions of a type of tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeInfo {
    /// Its number.
    pub id: TypeId,
    /// What it is: a struct, an array, a function, a continuation or an exception.
    pub kind: Kind,
    /// Struct and exception: bytes of the object. Array: bytes of an element. Others: 0.
    pub size: u32,
    /// Struct: offsets of its heap references from the object's start, ascending.
    /// Exception: the same, in the order of the tag's parameters.
    pub refs: Vec<u32>,
    /// Likewise of its continuation references.
    pub conts: Vec<u32>,
    /// Its ancestors from the root of the chain down, itself last. Exception: none.
    pub supers: Arc<[TypeId]>,
    /// Array: whether its elements are heap references.
    pub elem_refs: bool,
    /// Array: whether its elements are continuation references.
    pub elem_conts: bool,
}

/// The types of an engine. Shared between threads.
///
/// Methods that take a [`TypeId`], alone or inside a type, panic if it stands for
/// no type of this registry, save where they say otherwise.
#[derive(Debug, Default)]
pub struct TypeRegistry {
    entries: RwLock<Entries>,
}

impl TypeRegistry {
    /// A registry without types.
    pub fn new() -> Self {
        Self::default()
    }

    /// A registry without types, whose numbers will all be below `end`.
    ///
    /// # Panics
    /// If `end` is beyond the end of all numbers, or before their first.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::{FuncType, TypeRegistry};
    ///
    /// let types = TypeRegistry::up_to(mangrove_abi::object::TYPE_FIRST.as_u32() + 1);
    /// assert!(types.intern_func(FuncType::default()).is_ok());
    /// let other = FuncType { params: vec![mangrove_validate::ValType::I32], results: vec![] };
    /// assert!(types.intern_func(other).is_err());
    /// ```
    pub fn up_to(end: u32) -> Self {
        Self {
            entries: RwLock::new(Entries::up_to(end)),
        }
    }

    // Entries are complete before a lock is given back, whoever panicked.
    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The canonical number of each type of a module, in the module's order. The
    /// caller holds the group of each of the module's recursion groups once: one
    /// number of each is to be released ([`Self::release`]).
    ///
    /// # Errors
    /// [`RegistryError::Full`]. Then nothing was added and nothing is held.
    pub fn intern(&self, module: &ParsedModule) -> Result<Vec<TypeId>, RegistryError> {
        let mut entries = self.write();
        let mut ids = Vec::with_capacity(module.types.len());
        let mut held = Vec::new();
        for group in module.rec_groups.iter().filter(|group| !group.is_empty()) {
            let members = &module.types[group.start as usize..group.end as usize];
            let key = members
                .iter()
                .map(|ty| {
                    ty.clone().map_types(&mut |index: TypeIndex| {
                        let number = index.as_u32();
                        if group.contains(&number) {
                            Mention::inside(number - group.start)
                        } else {
                            Mention::outside(ids[index.index()])
                        }
                    })
                })
                .collect();
            match entries.intern(key) {
                Ok(members) => {
                    held.push(members[0]);
                    ids.extend_from_slice(members);
                }
                Err(error) => {
                    // Nobody has heard of these numbers.
                    for id in held {
                        entries.release(id, &mut Vec::new());
                    }
                    return Err(error);
                }
            }
        }
        debug_assert_eq!(ids.len(), module.types.len(), "groups cover all types");
        Ok(ids)
    }

    /// Holds the group of a type once more, if there is such a type.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::{FuncType, TypeRegistry};
    ///
    /// let types = TypeRegistry::new();
    /// let id = types.intern_func(FuncType::default())?;
    /// assert!(types.hold(id));
    /// assert!(types.release([id]).is_empty(), "it is still held once");
    /// assert_eq!(types.release([id]), [id]);
    /// assert!(!types.hold(id));
    /// # Ok::<(), mangrove_validate::RegistryError>(())
    /// ```
    pub fn hold(&self, id: TypeId) -> bool {
        let mut entries = self.write();
        let known = entries.contains(id);
        if known {
            entries.hold(id);
        }
        known
    }

    /// Gives holds back, one for each number. Returns the numbers, of types and of
    /// exceptions, that stand for nothing any more: they may be given out again.
    ///
    /// # Panics
    /// Also if more holds are given back than there are.
    pub fn release(&self, held: impl IntoIterator<Item = TypeId>) -> Vec<TypeId> {
        let mut entries = self.write();
        let mut removed = Vec::new();
        for id in held {
            entries.release(id, &mut removed);
        }
        removed
    }

    /// The number that stands, in the headers of exceptions, for a tag of this
    /// function type. It is good for as long as the type's.
    ///
    /// # Errors
    /// [`RegistryError::Full`], and [`RegistryError::Unknown`] if there is no such
    /// type.
    ///
    /// # Panics
    /// If it is not a function type.
    pub fn exception(&self, tag_type: TypeId) -> Result<TypeId, RegistryError> {
        let mut entries = self.write();
        if !entries.contains(tag_type) {
            return Err(RegistryError::Unknown { id: tag_type });
        }
        assert_eq!(entries.get(tag_type).kind(), Kind::Func, "a function type");
        entries.exception(tag_type)
    }

    /// The number of a function type made by the host, whose concrete types
    /// are canonical: the same as that of a module's `(type (func …))`. The caller
    /// holds it then.
    ///
    /// # Errors
    /// [`RegistryError::Full`], [`RegistryError::TooManyValues`], and
    /// [`RegistryError::Unknown`] if it refers to a type that is not in this
    /// registry.
    pub fn intern_func(&self, ty: FuncType) -> Result<TypeId, RegistryError> {
        for (what, values) in [("parameters", &ty.params), ("results", &ty.results)] {
            let count = values.len();
            if count > MOST_VALUES {
                return Err(RegistryError::TooManyValues { count, what });
            }
        }
        let mut entries = self.write();
        for &value in ty.params.iter().chain(&ty.results) {
            if let ValType::Ref(ty) = value
                && let HeapType::Concrete(id) = ty.heap
                && !entries.contains(id)
            {
                return Err(RegistryError::Unknown { id });
            }
        }
        entries.intern_alone(CompositeType::Func(ty))
    }

    /// The number of the type of continuations of a function type: the same as
    /// that of a module's `(type (cont $f))`. The caller holds it then.
    ///
    /// # Errors
    /// [`RegistryError::Full`], and [`RegistryError::Unknown`] if there is no
    /// such type.
    ///
    /// # Panics
    /// If it is not a function type.
    pub fn intern_cont(&self, func: TypeId) -> Result<TypeId, RegistryError> {
        let mut entries = self.write();
        if !entries.contains(func) {
            return Err(RegistryError::Unknown { id: func });
        }
        assert_eq!(entries.get(func).kind(), Kind::Func, "a function type");
        entries.intern_alone(CompositeType::Cont(func))
    }

    /// A module's type in canonical form; `ids` is what [`Self::intern`] said
    /// of that module.
    ///
    /// # Panics
    /// If the type refers to an index beyond `ids`.
    pub fn canonicalize<T: MapTypes<TypeIndex, TypeId>>(ids: &[TypeId], ty: T) -> T::Mapped {
        ty.map_types(&mut |index: TypeIndex| ids[index.index()])
    }

    /// What lies so many bytes from the start of objects of a type, or of exceptions with
    /// this number: the kind of the objects, and which field, element or parameter of
    /// the tag. None if nothing does, or if there is no such type.
    ///
    /// # Examples
    /// ```
    /// use mangrove_abi::Kind;
    /// use mangrove_validate::{FuncType, TypeRegistry, ValType};
    ///
    /// let types = TypeRegistry::new();
    /// let params = vec![ValType::I32, ValType::F64];
    /// let tag = types.intern_func(FuncType { params, results: vec![] })?;
    /// let exceptions = types.exception(tag)?;
    /// assert_eq!(types.part_at(exceptions, 4), Some((Kind::Exn, 0)));
    /// assert_eq!(types.part_at(exceptions, 16), Some((Kind::Exn, 1)));
    /// assert_eq!(types.part_at(exceptions, 8), None, "the tag");
    /// # Ok::<(), mangrove_validate::RegistryError>(())
    /// ```
    pub fn part_at(&self, id: TypeId, offset: u32) -> Option<(Kind, u32)> {
        self.read().part_at(id, offset)
    }

    /// How many types there are.
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// How many numbers stand for something: a type, or the exceptions of a type of
    /// tags.
    pub fn numbers(&self) -> usize {
        self.read().numbers()
    }

    /// Whether there is no type.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this number stands for a type.
    pub fn contains(&self, id: TypeId) -> bool {
        self.read().contains(id)
    }

    /// A type, if there is one with this number; concrete types in it are canonical.
    pub fn try_get(&self, id: TypeId) -> Option<Arc<SubType>> {
        self.read().try_get(id).map(|entry| entry.ty.clone())
    }

    /// A type; concrete types in it are canonical.
    pub fn get(&self, id: TypeId) -> Arc<SubType> {
        self.read().get(id).ty.clone()
    }

    /// The number of ancestors of a type.
    pub fn depth(&self, id: TypeId) -> usize {
        self.read().get(id).supers.len() - 1
    }

    /// The ancestors of a type from the root of the chain down, itself last.
    pub fn supers(&self, id: TypeId) -> Arc<[TypeId]> {
        self.read().get(id).supers.clone()
    }

    /// Where the fields of a struct type lie.
    ///
    /// # Panics
    /// Also if the type is not a struct.
    pub fn struct_layout(&self, id: TypeId) -> Arc<StructLayout> {
        match &self.read().get(id).layout {
            Some(layout) => layout.clone(),
            None => panic!("type {id} is not a struct"),
        }
    }

    /// What a type is.
    pub fn kind(&self, id: TypeId) -> Kind {
        self.read().get(id).kind()
    }

    /// How values of a canonical type are represented.
    pub fn repr(&self, ty: ValType) -> Repr {
        self.read().repr(ty)
    }

    /// Bytes a canonical storage type takes in an object.
    pub fn storage_size(&self, storage: StorageType) -> u32 {
        self.read().storage_size(storage)
    }

    /// What descriptors say of these types and exceptions.
    pub fn infos(&self, ids: &[TypeId]) -> Vec<TypeInfo> {
        let entries = self.read();
        ids.iter().map(|&id| entries.info(id)).collect()
    }
}
