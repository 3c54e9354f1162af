//! The items of an element segment, of which some are roots.

use mangrove_abi::{ContRef, TransferSlot};

/// The items of an element segment.
#[derive(Clone, Debug)]
pub enum ElementValues {
    /// Heap references: roots.
    Heap(Vec<u32>),
    /// Addresses of `FuncRef`s.
    Func(Vec<u64>),
    /// Continuations: roots. No constant expression makes one, but a global that
    /// is imported may hold one.
    Cont(Vec<ContRef>),
}

impl ElementValues {
    /// No items: what is left of a dropped segment.
    pub const DROPPED: Self = Self::Func(Vec::new());

    /// How many items.
    pub fn len(&self) -> u64 {
        match self {
            Self::Heap(items) => items.len() as u64,
            Self::Func(items) => items.len() as u64,
            Self::Cont(items) => items.len() as u64,
        }
    }

    /// An item.
    ///
    /// # Panics
    /// If there is no such item.
    pub fn get(&self, index: usize) -> TransferSlot {
        match self {
            Self::Heap(items) => TransferSlot::from_u64(u64::from(items[index])),
            Self::Func(items) => TransferSlot::from_u64(items[index]),
            Self::Cont(items) => TransferSlot::from_cont(items[index]),
        }
    }
}
