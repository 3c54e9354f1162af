//! Whose something is: stores by number, and by the address of their insides.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

/// Number of a store in its process: tells whose a handle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoreId(pub(crate) u64);

impl StoreId {
    /// One that no store has had.
    pub(crate) fn next() -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        Self(NEXT_ID.fetch_add(1, Ordering::Relaxed))
    }
}

/// Where a store's insides are. Opaque.
#[derive(Clone, Copy, Debug)]
pub struct StorePtr(pub(crate) NonNull<()>);

/// Who made a global or a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// The instance; none for the host.
    pub(crate) instance: Option<u32>,
    /// Its index there, or its number in the store.
    pub(crate) index: u32,
}
