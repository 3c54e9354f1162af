//! Which canonical type is a subtype of which, and what may be linked to what.

use super::TypeRegistry;
use super::entries::Entries;
use crate::module::{EntityType, GlobalType, TableType};
use crate::types::{HeapType, RefType, ValType};
use mangrove_abi::TypeId;

impl Entries {
    fn is_subtype(&self, sub: TypeId, sup: TypeId) -> bool {
        let depth = self.get(sup).supers.len() - 1;
        self.get(sub).supers.get(depth) == Some(&sup)
    }

    fn heap_matches(&self, given: HeapType, wanted: HeapType) -> bool {
        let abstract_of = |id| self.get(id).ty.composite.abstract_heap();
        match (given, wanted) {
            (HeapType::Concrete(given), HeapType::Concrete(wanted)) => {
                self.is_subtype(given, wanted)
            }
            (HeapType::Concrete(given), HeapType::Abstract(wanted)) => {
                abstract_of(given).matches(wanted)
            }
            // Below a concrete type there is, of the abstract ones, the bottom.
            (HeapType::Abstract(given), HeapType::Concrete(wanted)) => {
                given == abstract_of(wanted).bottom()
            }
            (HeapType::Abstract(given), HeapType::Abstract(wanted)) => given.matches(wanted),
        }
    }

    fn ref_matches(&self, given: RefType, wanted: RefType) -> bool {
        (wanted.nullable || !given.nullable) && self.heap_matches(given.heap, wanted.heap)
    }

    pub(super) fn val_matches(&self, given: ValType, wanted: ValType) -> bool {
        match (given, wanted) {
            (ValType::Ref(given), ValType::Ref(wanted)) => self.ref_matches(given, wanted),
            _ => given == wanted,
        }
    }

    fn global_matches(&self, given: GlobalType, wanted: GlobalType) -> bool {
        // Who may assign and who may read see the same cell: a mutable global
        // has one type.
        given.mutable == wanted.mutable
            && if wanted.mutable {
                given.content == wanted.content
            } else {
                self.val_matches(given.content, wanted.content)
            }
    }
}

fn table_matches(given: TableType, wanted: TableType) -> bool {
    given.element == wanted.element
        && given.table64 == wanted.table64
        && limits_match(
            (given.minimum, given.maximum),
            (wanted.minimum, wanted.maximum),
        )
}

fn limits_match(given: (u64, Option<u64>), wanted: (u64, Option<u64>)) -> bool {
    let largest = match (given.1, wanted.1) {
        (_, None) => true,
        (Some(given), Some(wanted)) => given <= wanted,
        (None, Some(_)) => false,
    };
    given.0 >= wanted.0 && largest
}

impl TypeRegistry {
    /// Whether `sub` is `sup` or declared, at whatever distance, below it.
    pub fn is_subtype(&self, sub: TypeId, sup: TypeId) -> bool {
        self.read().is_subtype(sub, sup)
    }

    /// Whether a heap type matches another; both canonical.
    pub fn matches_heap(&self, given: HeapType, wanted: HeapType) -> bool {
        self.read().heap_matches(given, wanted)
    }

    /// Whether a reference type matches another; both canonical.
    pub fn matches_ref(&self, given: RefType, wanted: RefType) -> bool {
        self.read().ref_matches(given, wanted)
    }

    /// Whether a value type matches another; both canonical.
    pub fn matches_val(&self, given: ValType, wanted: ValType) -> bool {
        self.read().val_matches(given, wanted)
    }

    /// Whether an entity of type `given` may be imported as `wanted`; both
    /// canonical. The minimum of a given table or memory is its current size.
    pub fn matches_extern(&self, given: &EntityType, wanted: &EntityType) -> bool {
        match (given, wanted) {
            (EntityType::Func(given), EntityType::Func(wanted)) => self.is_subtype(*given, *wanted),
            (EntityType::Table(given), EntityType::Table(wanted)) => table_matches(*given, *wanted),
            (EntityType::Memory(given), EntityType::Memory(wanted)) => {
                given.memory64 == wanted.memory64
                    && given.page_log2 == wanted.page_log2
                    && limits_match(
                        (given.minimum, given.maximum),
                        (wanted.minimum, wanted.maximum),
                    )
            }
            (EntityType::Global(given), EntityType::Global(wanted)) => {
                self.read().global_matches(*given, *wanted)
            }
            (EntityType::Tag(given), EntityType::Tag(wanted)) => given == wanted,
            _ => false,
        }
    }
}
