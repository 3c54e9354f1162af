//! Who watches: observers are called at certain moments and may look at roots.

use crate::error::Error;
use crate::report::ContinuationsReport;
use crate::store::{AsStore, Store, StoreInner, StorePtr, inner, inner_mut};
use mangrove_collector::{ReportOptions, RootSet};
use mangrove_continuation::RegistryReport;
use std::any::Any;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
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

/// What an observer sees of a store: everything there is to look at, and nothing
/// that would run Wasm, collect, or change what it looks at.
///
/// ```compile_fail
/// # use mangrove::{Func, Store};
/// fn run(store: &mut Store<()>, func: Func) {
///     store.observe(Box::new(move |view, _| drop(func.call(view, &[]))));
/// }
/// ```
///
/// ```compile_fail
/// # use mangrove::Store;
/// fn collect(store: &mut Store<()>) {
///     store.observe(Box::new(|view, _| drop(view.gc())));
/// }
/// ```
#[derive(Debug)]
pub struct StoreView<'a> {
    store: StorePtr,
    borrow: PhantomData<&'a mut StoreInner>,
}

// SAFETY: made only by `notify`, for a store that is borrowed meanwhile.
unsafe impl AsStore for StoreView<'_> {
    fn raw(&self) -> StorePtr {
        self.store
    }
}

impl StoreView<'_> {
    /// The store's insides. What is done with them leaves the program where it
    /// stands: [`crate::AsStoreMut`], which would allow more, is not for views.
    fn inner_mut(&mut self) -> &mut StoreInner {
        // SAFETY: `notify` has sole access to the store, and lends it to this view.
        unsafe { &mut *self.store.as_ptr() }
    }
}

/// An observer.
pub type Observer = Box<dyn FnMut(&mut StoreView<'_>, Moment) + Send>;

/// The observers of a store.
#[derive(Default)]
pub struct Observers {
    list: Vec<Observer>,
    suspensions: u64,
    resumptions: u64,
}

impl StoreInner {
    /// Tells the observers, all of them: a panic of one goes on when the others
    /// have been told. Of several panics the first does.
    pub(crate) fn notify(&mut self, moment: Moment) {
        if self.observers.list.is_empty() {
            return;
        }
        let mut observers = std::mem::take(&mut self.observers.list);
        let mut view = StoreView {
            store: StorePtr::new(NonNull::from(&mut *self)),
            borrow: PhantomData,
        };
        let mut panics: Vec<Box<dyn Any + Send>> = Vec::new();
        for observer in &mut observers {
            // What a panic leaves half done is the observer's own: it cannot
            // change the store.
            let told = catch_unwind(AssertUnwindSafe(|| observer(&mut view, moment)));
            panics.extend(told.err());
        }
        self.observers.list = observers;
        if let Some(first) = panics.into_iter().next() {
            resume_unwind(first);
        }
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
    pub fn requests(&self, request: mangrove_abi::Request) -> u64 {
        inner(self).registry.requests(request)
    }

    /// Adds an observer. It stays as long as the store.
    ///
    /// A panic of an observer ends what the store does at that moment, as a panic
    /// of a host function does: the other observers are told, Wasm is left, its
    /// continuations are ended and its host record is taken down, and then the
    /// panic goes on in the embedder's code that called, resumed or collected. The
    /// store works on, with all its observers.
    pub fn observe(&mut self, observer: Observer) {
        inner_mut(self).observers.list.push(observer);
    }
}

/// What can be asked of a store, by whoever has access to it.
macro_rules! inspection {
    ($([$($header:tt)*] by $inner:path;)*) => { $(
        $($header)* {
            /// The root set as it is now; nothing moves.
            ///
            /// # Errors
            /// [`Error::Internal`] if a frame or the heap is not as it must be.
            pub fn roots(&mut self) -> Result<RootSet, Error> {
                $inner(self).root_set()
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
                $inner(self).continuations(options)
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
    [impl<T> Store<T>] by inner_mut;
    [impl<T> crate::Caller<'_, T>] by inner_mut;
    [impl StoreView<'_>] by StoreView::inner_mut;
}

/// What can be done to a store, by whoever may change it.
macro_rules! maintenance {
    ($([$($header:tt)*];)*) => { $(
        $($header)* {
            /// A full collection now.
            ///
            /// # Errors
            /// [`Error::Resource`] when the system has no memory for it.
            ///
            /// # Panics
            /// With a panic of an observer; nothing was collected then.
            pub fn gc(&mut self) -> Result<(), Error> {
                inner_mut(self).collect()
            }

            /// Parks every continuation that does not run (see
            /// [`crate::Config::park`]); how many that was. For moments when
            /// many are known to sleep for long.
            pub fn park(&mut self) -> u64 {
                inner_mut(self).park_all()
            }
        }
    )* };
}

maintenance! {
    [impl<T> Store<T>];
    [impl<T> crate::Caller<'_, T>];
}

impl StoreInner {
    /// Each call has one initial continuation on its chain, and only those are
    /// on a chain for good.
    pub(crate) fn live_continuations(&self) -> u64 {
        let calls = self.activations.iter().filter(|a| a.is_call).count();
        self.live_records() - calls as u64
    }
}
