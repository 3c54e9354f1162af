//! A heap is made as a new one is: its objects are gone, its address range and the memory
//! that the next use will need stay.

use crate::large::Window;
use crate::{Heap, HeapError};
use mangrove_abi::StoreContext;

impl Heap {
    /// Gives up every object, without looking at any: their types may be gone. The
    /// limit is [`Heap::most`] again, and counts begin anew.
    ///
    /// # Errors
    /// [`HeapError::Broken`]; nothing has changed then.
    ///
    /// # Panics
    /// If `ctx` is not the context this heap is attached to.
    pub fn reset(&mut self, ctx: &mut StoreContext) -> Result<(), HeapError> {
        self.check(ctx);
        if self.broken {
            return Err(HeapError::Broken);
        }
        let [young, old] = self.ranges(ctx);
        self.window = Window::Young;
        self.clear_cards(old.clone());
        self.born.clear();
        self.limit = self.most;
        self.young_size = self.young_bounds.start;
        self.old_end = self.old().start();
        self.next_full(0);
        self.collection_requested = false;
        self.everything_live = false;
        self.fruitless = 0;
        self.refused = None;
        self.finished = [0; 2];
        self.allocated = (0, 0);
        let kept = self.full_due - self.old().start();
        for nth in [self.current, 1 - self.current] {
            let space = &mut self.old[nth];
            let (start, used) = (space.start(), old.end.max(space.start()));
            let used = if nth == self.current { used } else { start };
            space.vacate(&self.reservation, used, start + kept, self.poison);
        }
        let (start, poison) = (self.young.start(), self.spare.is_some());
        let kept = start + self.young_size;
        self.young
            .vacate(&self.reservation, young.end, kept, poison);
        if let Some(spare) = &mut self.spare {
            std::mem::swap(&mut self.young, spare);
        }
        self.empty_log(ctx);
        self.open_young(ctx, self.young.start());
        Ok(())
    }
}
