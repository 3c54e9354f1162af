//! Whose something is: stores by number, and by the address of their insides.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

/// Number of a store in its process: tells whose a handle is.
///
/// # Examples
/// ```
/// use mangrove::{Engine, Func, Store, StoreId};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let mut one = Store::new(&engine, ())?;
/// let mut other = Store::new(&engine, ())?;
/// # let _: Option<StoreId> = None;
/// let func = Func::wrap(&mut one, || ())?;
/// // Whatever is of a store knows its `StoreId`, and is refused in another.
/// assert!(func.call(&mut other, &[]).is_err());
/// # Ok(())
/// # }
/// ```
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
