//! What a store can be asked, and told to do between two steps of a program; and who is
//! called when something happens in it.

use crate::access::inner_mut;
use crate::access::{Caller, Observer, Store, StoreView, Watcher};
use mangrove_abi::Request;
use mangrove_collector::{CollectionKind, ContinuationsReport, ReportOptions, RootSet};
use mangrove_continuation::RegistryReport;
use mangrove_runtime::{Error, inner};

impl<T> Store<T> {
    /// How many requests of a kind were made to the system so far.
    #[doc(hidden)]
    pub fn requests(&self, request: Request) -> u64 {
        inner(self).requests(request)
    }

    /// Adds an observer. It stays as long as the store.
    ///
    /// A panic of an observer ends what the store does at that moment, as a panic
    /// of a host function does: the other observers are told, Wasm is left, its
    /// continuations are ended and its host record is taken down, and then the
    /// panic goes on in the embedder's code that called, resumed or collected. The
    /// store works on, with all its observers.
    pub fn observe(&mut self, observer: Observer) {
        inner_mut(self).watch(Box::new(Watcher(observer)));
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

            /// How many collections there were, minor and full. What each did:
            /// [`Moment::Collected`](crate::Moment::Collected).
            pub fn collections(&self) -> u64 {
                inner(self).collections()
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
                inner(self).heap_bytes()
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
                inner(self).registry_report()
            }
        }
    )* };
}

inspection! {
    [impl<T> Store<T>] by inner_mut;
    [impl<T> Caller<'_, T>] by inner_mut;
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
            /// With a panic of an observer: if it is told that the collection begins, nothing
            /// was collected. With a panic of a value of the host that died, when it is
            /// dropped ([`ExternRef`](crate::ExternRef)): the collection is over then.
            pub fn gc(&mut self) -> Result<(), Error> {
                inner_mut(self).collect()
            }

            /// A minor collection now: of the objects made since the last collection,
            /// those that nothing refers to are gone. Its cost does not depend on
            /// how much is older, or on how many continuations are suspended. A full
            /// one where too much has changed to know of each change.
            ///
            /// # Errors
            /// [`Error::Resource`] when the system has no memory for it.
            ///
            /// # Panics
            /// As `gc`.
            ///
            /// # Examples
            /// ```
            /// # use mangrove::{CollectionKind, Config, Engine, Error, ExternRef, Moment, Store};
            /// # use std::sync::mpsc::channel;
            /// # fn main() -> Result<(), Error> {
            /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
            /// let (reports, all) = channel();
            /// store.observe(Box::new(move |_, moment| {
            ///     if let Moment::Collected(report) = moment {
            ///         reports.send(report).unwrap();
            ///     }
            /// }));
            /// let kept = ExternRef::new(&mut store, 7)?;
            /// drop(ExternRef::new(&mut store, 8)?);
            /// store.gc_minor()?;
            /// let report = all.recv().unwrap();
            /// assert_eq!(report.kind, CollectionKind::Minor);
            /// assert_eq!(report.objects_copied, 1);
            /// assert!(kept.data(&store)?.is_some_and(|data| data.is::<i32>()));
            /// # Ok(())
            /// # }
            /// ```
            pub fn gc_minor(&mut self) -> Result<(), Error> {
                inner_mut(self).collect_as(CollectionKind::Minor)
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
    [impl<T> Caller<'_, T>];
}
