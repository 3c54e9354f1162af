//! What a store is taken apart into for who looks at it.

use crate::Code;
use mangrove_abi::StoreContext;
use mangrove_continuation::Registry;
use mangrove_heap::Heap;

/// A store's parts, as whoever looks at what lives needs them: nothing moves. Its roots are lent
/// beside them.
pub struct StoreParts<'a> {
    /// Where objects lie.
    pub heap: &'a Heap,
    /// The records: marking leaves its marks there.
    pub registry: &'a mut Registry,
    /// What compiled code works on.
    pub ctx: &'a StoreContext,
    /// All code that can be in a frame.
    pub code: &'a dyn Code,
}

impl StoreParts<'_> {
    /// The same, lent for a shorter time.
    pub fn lend(&mut self) -> StoreParts<'_> {
        StoreParts {
            heap: self.heap,
            registry: self.registry,
            ctx: self.ctx,
            code: self.code,
        }
    }
}

impl std::fmt::Debug for StoreParts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreParts").finish_non_exhaustive()
    }
}
