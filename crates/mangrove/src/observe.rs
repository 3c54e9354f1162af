//! Who watches: observers are called at certain moments and may look at roots.

use crate::error::Error;
use crate::report::ContinuationsReport;
use crate::store::{AsStore, AsStoreMut, Store, StoreInner, StorePtr, inner, inner_mut};
use mangrove_collector::{ReportOptions, RootSet};
use mangrove_continuation::RegistryReport;
use std::ptr::NonNull;

/// When an observer is called. Counts start at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The Nth collection begins: nothing has moved yet.
    Collection(u64),
    /// The Nth `suspend` or `switch` is about to take effect. Needs
    /// [`crate::Hooks::switches`].
    Suspend(u64),
    /// The Nth `resume` or `resume_throw` is about to take effect. Needs the same.
    Resume(u64),
    /// Execution trapped; all stacks are still there.
    Trap,
    /// The outermost call from the host, or resumption by it, is over.
    End,
}

/// What an observer sees of a store.
#[derive(Debug)]
pub struct StoreView {
    store: StorePtr,
}

// SAFETY: made only by `notify`, for a store that is borrowed meanwhile.
unsafe impl AsStore for StoreView {
    fn raw(&self) -> StorePtr {
        self.store
    }
}

// SAFETY: as above.
unsafe impl AsStoreMut for StoreView {}

/// An observer.
pub type Observer = Box<dyn FnMut(&mut StoreView, Moment) + Send>;

/// The observers of a store.
#[derive(Default)]
pub struct Observers {
    list: Vec<Observer>,
    suspensions: u64,
    resumptions: u64,
}

impl StoreInner {
    /// Tells the observers. One that causes another moment is not told of it.
    pub(crate) fn notify(&mut self, moment: Moment) {
        if self.observers.list.is_empty() {
            return;
        }
        let mut observers = std::mem::take(&mut self.observers.list);
        let mut view = StoreView {
            store: StorePtr::new(NonNull::from(&mut *self)),
        };
        for observer in &mut observers {
            observer(&mut view, moment);
        }
        observers.append(&mut self.observers.list);
        self.observers.list = observers;
    }

    /// A suspension is about to take effect.
    pub(crate) fn notify_suspension(&mut self) {
        self.observers.suspensions += 1;
        self.notify(Moment::Suspend(self.observers.suspensions));
    }

    /// A resumption by Wasm is about to take effect.
    pub(crate) fn notify_resumption(&mut self) {
        self.observers.resumptions += 1;
        self.notify(Moment::Resume(self.observers.resumptions));
    }
}

impl<T> Store<T> {
    /// How many requests of a kind were made to the system so far.
    #[doc(hidden)]
    pub fn requests(&self, request: mangrove_stack::Request) -> u64 {
        inner(self).registry.requests(request)
    }

    /// Adds an observer. It stays as long as the store.
    pub fn observe(&mut self, observer: Observer) {
        inner_mut(self).observers.list.push(observer);
    }
}

/// What can be asked of a store, by whoever has access to it.
macro_rules! inspection {
    ($($(#[$generics:meta])* [$($header:tt)*])*) => { $(
        $($header)* {
            /// The root set as it is now; nothing moves.
            ///
            /// # Errors
            /// [`Error::Internal`] if a frame or the heap is not as it must be.
            pub fn roots(&mut self) -> Result<RootSet, Error> {
                inner_mut(self).root_set()
            }

            /// A full collection now.
            ///
            /// # Errors
            /// [`Error::Resource`] when the system has no memory for it.
            pub fn gc(&mut self) -> Result<(), Error> {
                inner_mut(self).collect()
            }

            /// Parks every continuation that does not run (see
            /// [`crate::Config::park`]); how many that was. For moments when
            /// many are known to sleep for long.
            pub fn park(&mut self) -> u64 {
                inner_mut(self).park_all()
            }

            /// How many collections there were.
            pub fn collections(&self) -> u64 {
                inner(self).collections
            }

            /// Continuations the program made (or the host, with
            /// [`crate::Func::continuation`]) that live, as far as is known:
            /// those that became unreachable count until they are collected.
            /// Initial ones of calls from the host do not count.
            pub fn live_continuations(&self) -> u64 {
                inner(self).live_continuations()
            }

            /// Bytes objects take, those not collected yet included.
            pub fn heap_bytes(&self) -> u64 {
                let inner = inner(self);
                // SAFETY: the context is the store's, which is borrowed.
                inner.heap.used(unsafe { inner.ctx.as_ref() })
            }

            /// What the registry says about itself, and about continuations one
            /// by one: what they are, where they were made and are stopped, what
            /// they hold, and why they are alive. Looks at all of them as a
            /// collection does, and moves nothing.
            ///
            /// # Errors
            /// [`Error::Internal`] if a frame is not as it must be.
            pub fn continuations(
                &mut self,
                options: ReportOptions,
            ) -> Result<ContinuationsReport, Error> {
                inner_mut(self).continuations(options)
            }

            /// Counts of the registry of continuations.
            pub fn report(&self) -> RegistryReport {
                let inner = inner(self);
                // SAFETY: the context is the store's, which is borrowed.
                inner.registry.report(unsafe { inner.ctx.as_ref() })
            }
        }
    )* };
}

inspection! {
    [impl<T> Store<T>]
    [impl<T> crate::Caller<'_, T>]
    [impl StoreView]
}

impl StoreInner {
    /// Each call has one initial continuation on its chain, and only those are
    /// on a chain for good.
    pub(crate) fn live_continuations(&self) -> u64 {
        let calls = self.activations.iter().filter(|a| a.is_call).count();
        self.live_records() - calls as u64
    }
}
