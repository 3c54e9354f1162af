//! What a store counts, and what it can be told to do between two steps of a program.

use crate::access::{Caller, Store, StoreView, inner_mut};
use crate::engine::Engine;
use crate::instance::Face;
use mangrove_collector::CollectionKind;
use mangrove_continuation::RegistryReport;
use mangrove_runtime::{Counts, Error, inner};

/// What a store counts anyway, for whoever has access to it.
macro_rules! figures {
    ($([$($header:tt)*];)*) => { $(
        $($header)* {
            /// The engine.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Config, Engine, Store};
            ///
            /// let engine = Engine::new(&Config::new())?;
            /// let store = Store::new(&engine, ())?;
            /// assert!(store.engine().same(&engine));
            /// # Ok::<(), mangrove::Error>(())
            /// ```
            pub fn engine(&self) -> &Engine {
                &Face::of(inner(self)).engine
            }

            /// How many collections there were, minor and full. What each did:
            /// [`Moment::Collected`](crate::Moment::Collected).
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::default(), ())?;
            /// store.gc()?;
            /// assert_eq!(store.collections(), 1);
            /// # Ok(())
            /// # }
            /// ```
            pub fn collections(&self) -> u64 {
                inner(self).collections()
            }

            /// How many of them were minor.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::default(), ())?;
            /// store.gc()?;
            /// store.gc_minor()?;
            /// assert_eq!((store.collections(), store.minor_collections()), (2, 1));
            /// # Ok(())
            /// # }
            /// ```
            pub fn minor_collections(&self) -> u64 {
                inner(self).minor_collections()
            }

            /// Continuations the program made (or the host, with
            /// [`crate::Func::continuation`]) that live, as far as is known:
            /// those that became unreachable count until they are collected.
            /// Initial ones of calls from the host do not count.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, Func, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::default(), ())?;
            /// let k = Func::wrap(&mut store, || ())?.continuation(&mut store)?;
            /// assert_eq!(store.live_continuations(), 1);
            /// drop(k);
            /// store.gc()?;
            /// assert_eq!(store.live_continuations(), 0);
            /// # Ok(())
            /// # }
            /// ```
            pub fn live_continuations(&self) -> u64 {
                inner(self).live_continuations()
            }

            /// Bytes objects take, those not collected yet included.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, ExternRef, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::default(), ())?;
            /// let kept = ExternRef::new(&mut store, 7)?;
            /// let bytes = store.heap_bytes();
            /// assert!(bytes > 0);
            /// drop(kept);
            /// assert_eq!(store.heap_bytes(), bytes, "it was not collected yet");
            /// store.gc()?;
            /// assert_eq!(store.heap_bytes(), 0);
            /// # Ok(())
            /// # }
            /// ```
            pub fn heap_bytes(&self) -> u64 {
                inner(self).heap_bytes()
            }

            /// Bytes that objects were given since the store was made or reset. What
            /// a program allocates is the same in each of its runs.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, ExternRef, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::default(), ())?;
            /// let kept = ExternRef::new(&mut store, 7)?;
            /// let bytes = store.allocated_bytes();
            /// drop(kept);
            /// store.gc()?;
            /// assert_eq!(store.allocated_bytes(), bytes);
            /// # Ok(())
            /// # }
            /// ```
            pub fn allocated_bytes(&self) -> u64 {
                inner(self).allocated()
            }

            /// How much there is of what is counted anyway: no object and no continuation
            /// is looked at.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Config, Engine, ExternRef, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
            /// let _kept = ExternRef::new(&mut store, 7)?;
            /// assert_eq!(store.counts().heap_bytes, store.heap_bytes());
            /// # Ok(())
            /// # }
            /// ```
            pub fn counts(&self) -> Counts {
                inner(self).counts()
            }

            /// Counts of the registry of continuations.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, Func, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::default(), ())?;
            /// let k = Func::wrap(&mut store, || ())?.continuation(&mut store)?;
            /// let report = store.report();
            /// assert_eq!((report.created, report.fresh), (1, 1));
            /// # drop(k);
            /// # Ok(())
            /// # }
            /// ```
            pub fn report(&self) -> RegistryReport {
                inner(self).registry_report()
            }
        }
    )* };
}

figures! {
    [impl<T> Store<T>];
    [impl<T> Caller<'_, T>];
    [impl StoreView<'_>];
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
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, ExternRef, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::default(), ())?;
            /// let kept = ExternRef::new(&mut store, 7)?;
            /// drop(kept);
            /// store.gc()?;
            /// assert_eq!(store.heap_bytes(), 0);
            /// # Ok(())
            /// # }
            /// ```
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
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, Func, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::default(), ())?;
            /// let k = Func::wrap(&mut store, || ())?.continuation(&mut store)?;
            /// assert_eq!(store.park(), 1);
            /// assert_eq!(store.report().parked, 1);
            /// // It gets a stack again when it runs.
            /// k.resume(&mut store, &[], &[])?;
            /// # Ok(())
            /// # }
            /// ```
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

impl<T> Store<T> {
    /// Makes the store as [`Store::new`] would make it, with this data; gives back the
    /// old. Instances, host functions, objects, continuations, observers, the limiter and
    /// the policy are gone, and whatever was had from the store before is refused as if
    /// it were of another store. Address space, stacks, and memory up to some bounds are
    /// used again, so it takes microseconds where a new store takes more.
    ///
    /// # Errors
    /// [`Error::Internal`], if a collection of it failed half way; it has its old data
    /// then.
    ///
    /// # Panics
    /// With a panic of what is the embedder's when it is dropped: what a host function's
    /// closure owns, a callback's, an observer's, a limiter's, a policy's, or the value of an
    /// [`ExternRef`](crate::ExternRef). The store is reset then, and has its old data.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Error, Instance, Module, Store};
    ///
    /// # fn main() -> Result<(), Error> {
    /// let engine = Engine::new(&Config::new())?;
    /// let text = b"(module (memory 1) (func (export \"run\")))";
    /// let module = Module::new(&engine, text)?;
    /// let mut store = Store::new(&engine, 1)?;
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// let run = instance.func(&store, "run").expect("it is exported");
    ///
    /// assert_eq!(store.reset(2)?, 1);
    /// assert!(matches!(run.call(&mut store, &[]), Err(Error::Usage(_))));
    /// Instance::new(&mut store, &module, &[])?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn reset(&mut self, data: T) -> Result<T, Error> {
        let face = Face::new(&Face::of(inner(self)).engine);
        inner_mut(self).reset(Box::new(face))?;
        Ok(std::mem::replace(self.data_mut(), data))
    }
}
