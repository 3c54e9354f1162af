//! Who watches a store, and when they are told.

use crate::event::{EventKind, Listener};
use crate::id::StorePtr;
use mangrove_collector::CollectionReport;
use std::any::Any;

/// When an observer is called, and may look at the store. Counts start at 1. What happens
/// then is the [`Event`](crate::Event) of the moment.
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
    /// A function is entered that has a hook of its own.
    Enter,
    /// An instruction that has a hook of its own is about to be executed.
    Reach,
    /// The store's deadline has come, before anybody is asked about it. Needs
    /// `Config::epoch_interruption`.
    Deadline,
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
    /// Those who are told of events.
    pub listeners: Vec<Listener>,
    /// Whether there is anybody.
    pub on: bool,
    /// The event of the moment that is being told of.
    pub now: Option<EventKind>,
    /// Suspensions they were told of.
    pub suspensions: u64,
    /// The same of resumptions.
    pub resumptions: u64,
    /// Bytes that the heap had taken when they were told last.
    pub heap: u64,
    /// Whether one of them wants what runs to be interrupted.
    pub interrupt: bool,
    /// The first panic of a listener, which goes on at the next moment.
    pub panic: Option<Box<dyn Any + Send>>,
}
