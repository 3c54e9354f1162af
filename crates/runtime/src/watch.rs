//! Who watches a store, and when they are told.

use crate::id::StorePtr;
use mangrove_collector::CollectionReport;

/// When an observer is called. Counts start at 1.
///
/// # Examples
/// ```
/// use mangrove::{Engine, Moment, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// store.observe(Box::new(|view, moment| match moment {
///     Moment::Collection(number) => eprintln!("{} bytes before collection {number}", view.heap_bytes()),
///     Moment::Collected(report) => eprintln!("{} bytes after it", report.bytes_after),
///     _ => {}
/// }));
/// store.gc()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The Nth collection begins: nothing has moved yet.
    Collection(u64),
    /// A collection is over: what it did.
    Collected(CollectionReport),
    /// The Nth `suspend` or `switch` is about to take effect. Needs
    /// `Hooks::switches`.
    Suspend(u64),
    /// The Nth `resume` or `resume_throw` is about to take effect. Needs the same.
    Resume(u64),
    /// Execution trapped; all stacks are still there.
    Trap,
    /// The outermost call from the host, or resumption by it, is over.
    End,
}

/// Somebody who is told what a store does.
///
/// # Safety
/// Whoever implements this does nothing to the store but to look at it.
pub unsafe trait Watch: Send {
    /// A moment has come.
    ///
    /// # Safety
    /// The store is live, and nobody else uses it until this returns.
    unsafe fn moment(&mut self, store: StorePtr, moment: Moment);
}

/// Those who watch a store.
#[derive(Default)]
pub struct Watchers {
    pub list: Vec<Box<dyn Watch>>,
    /// Suspensions they were told of.
    pub suspensions: u64,
    /// The same of resumptions.
    pub resumptions: u64,
}
