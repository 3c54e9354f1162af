//! What a store can be asked, and told to do between two steps of a program; and who is
//! called when something happens in it.

use crate::access::inner_mut;
use crate::access::{Caller, Observer, Store, StoreView, Watcher};
use crate::engine::Engine;
use crate::instance::Face;
use mangrove_abi::Request;
use mangrove_collector::{
    CollectionKind, ContinuationsReport, GraphItem, ObjectGraph, PhaseReport, ReportOptions,
    RootSet,
};
use mangrove_continuation::RegistryReport;
use mangrove_runtime::{
    CollectionPolicy, Counts, Error, Event, HeapStatistics, HeapWalk, StoreNames, SurveyItem,
    SurveyOptions, SurveySummary, inner,
};
use std::ops::ControlFlow;

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
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Moment, Observer, Store, StoreView};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// # use std::sync::mpsc::channel;
    /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// let (send, seen) = channel();
    /// let observer: Observer = Box::new(move |view: &mut StoreView<'_>, moment| {
    ///     if let Moment::Collection(number) = moment {
    ///         send.send((number, view.heap_bytes())).unwrap();
    ///     }
    /// });
    /// store.observe(observer);
    /// store.gc()?;
    /// assert_eq!(seen.recv().unwrap(), (1, 0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn observe(&mut self, observer: Observer) {
        inner_mut(self).watch(Box::new(Watcher(observer)));
    }

    /// Has somebody told of everything that happens in this store, where it happens: see
    /// [`EventKind`]. He sees names and counts, and no store. Switches, and continuations that
    /// code makes, binds or that return to code, are told of where modules are compiled with
    /// [`Hooks::switches`](crate::Hooks::switches).
    ///
    /// A panic goes on at the next [`Moment`](crate::Moment), where one of an observer does.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, EventKind, Hooks, Linker, Module, Store};
    /// use std::sync::mpsc::channel;
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let mut config = Config::new();
    /// config.hooks(Hooks { switches: true, ..Hooks::default() });
    /// let engine = Engine::new(&config)?;
    /// let module = Module::new(&engine, "(module
    ///     (type $f (func)) (type $k (cont $f)) (tag $stop)
    ///     (func $body (suspend $stop)) (elem declare func $body)
    ///     (func (export \"main\")
    ///         (block $on (result (ref $k))
    ///             (resume $k (on $stop $on) (cont.new $k (ref.func $body))) (return))
    ///         (drop)))")?;
    /// let mut store = Store::new(&engine, ())?;
    /// let (tell, told) = channel();
    /// store.observe_events(move |event| {
    ///     if let EventKind::Suspended { continuation, tag: Some(tag), at: Some(at), .. } =
    ///         event.kind()
    ///     {
    ///         let function = event.place(*at).and_then(|place| place.name);
    ///         tell.send((*continuation, event.tag(*tag), function)).unwrap();
    ///     }
    /// });
    /// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let main = instance.get_typed_func::<(), ()>(&mut store, "main")?;
    /// main.call(&mut store, ())?;
    /// let (_, tag, function) = told.recv().unwrap();
    /// assert_eq!((tag.as_str(), function.as_deref()), ("$stop", Some("body")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn observe_events(&mut self, listener: impl FnMut(&Event<'_>) + Send + 'static) {
        inner_mut(self).listen(Box::new(listener));
    }

    /// Has somebody told of each phase of each collection, as it ends: see
    /// [`Phase`](crate::Phase). He
    /// sees no store, which is in the middle of it. Without any, phases are not even
    /// timed.
    ///
    /// A panic goes on when the collection is over, where one of an observer does.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Phase, Store};
    /// use std::sync::mpsc::channel;
    ///
    /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// let (reports, all) = channel();
    /// store.observe_phases(move |report| reports.send(report.phase).unwrap());
    /// store.gc_minor()?;
    /// let minor = [Phase::Begin, Phase::Remembered, Phase::Roots];
    /// let then = [Phase::Copy, Phase::Weak, Phase::Flip, Phase::Clean];
    /// assert!(all.try_iter().eq(minor.into_iter().chain(then)));
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn observe_phases(&mut self, observer: impl FnMut(&PhaseReport) + Send + 'static) {
        inner_mut(self).watch_phases(Box::new(observer));
    }

    /// Has this policy decide on collections from now on: see [`CollectionPolicy`] and
    /// [`Schedule`](crate::Schedule). It takes the place of the one before.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{CollectionKind, Config, Engine, Schedule, Store};
    ///
    /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// let points = [(1 << 10, CollectionKind::Minor), (1 << 20, CollectionKind::Full)];
    /// store.collection_policy(Schedule::at_bytes(points).only());
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn collection_policy(&mut self, policy: impl CollectionPolicy + 'static) {
        inner_mut(self).set_policy(Box::new(policy));
    }
}

impl StoreView<'_> {
    /// What happens at the moment that is being told of; none where nothing but the moment
    /// is known, as at [`Moment::End`](crate::Moment::End).
    ///
    /// # Examples
    /// ```
    /// use mangrove::{CollectionKind, Config, Engine, EventKind, Moment, Store};
    /// use std::sync::mpsc::channel;
    ///
    /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// let (tell, told) = channel();
    /// store.observe(Box::new(move |view, moment| {
    ///     let event = view.event();
    ///     if let Some(EventKind::Collection { kind, .. }) = event.as_ref().map(|e| e.kind()) {
    ///         tell.send((moment, *kind)).unwrap();
    ///     }
    /// }));
    /// store.gc_minor()?;
    /// assert_eq!(told.recv(), Ok((Moment::Collection(1), CollectionKind::Minor)));
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn event(&self) -> Option<Event<'_>> {
        inner(self).event()
    }

    /// Interrupts what runs, when this moment is over: the trap
    /// [`TrapReason::Interrupt`](crate::TrapReason::Interrupt). A collection that begins at the
    /// moment is not made. Where nothing runs, and at a trap or the end, it does nothing.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Linker, Module, Moment, Store, TrapReason};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let module = Module::new(&engine, r#"(module (import "mangrove" "gc" (func $gc))
    ///     (func (export "forever") (loop (call $gc) (br 0))))"#)?;
    /// let mut store = Store::new(&engine, ())?;
    /// store.observe(Box::new(|view, moment| {
    ///     if moment == Moment::Collection(3) {
    ///         view.interrupt();
    ///     }
    /// }));
    /// let instance = Linker::new(&engine).define_mangrove().instantiate(&mut store, &module)?;
    /// let forever = instance.get_typed_func::<(), ()>(&mut store, "forever")?;
    /// match forever.call(&mut store, ()) {
    ///     Err(Error::Trap(trap)) => assert_eq!(trap.reason, TrapReason::Interrupt),
    ///     other => unreachable!("{other:?}"),
    /// }
    /// assert_eq!(store.collections(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn interrupt(&mut self) {
        self.inner_mut().interrupt_after_moment();
    }
}

/// What can be asked of a store, by whoever has access to it.
macro_rules! inspection {
    ($([$($header:tt)*] by $inner:path;)*) => { $(
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

            /// The root set as it is now; nothing moves.
            ///
            /// # Errors
            /// [`Error::Internal`] if a frame or the heap is not as it must be.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, ExternRef, RootOwner, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::default(), ())?;
            /// let kept = ExternRef::new(&mut store, 7)?;
            /// let set = store.roots()?;
            /// assert!(matches!(set.roots[0].owner, RootOwner::Handle { .. }));
            /// assert_eq!(set.objects, 1);
            /// # drop(kept);
            /// # Ok(())
            /// # }
            /// ```
            pub fn roots(&mut self) -> Result<RootSet, Error> {
                $inner(self).root_set()
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

            /// The objects that live, one by one. Nothing moves; a few bits for each
            /// object are kept.
            ///
            /// # Errors
            /// [`Error::Internal`] if a frame or the heap is not as it must be.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Config, Engine, ExternRef, ObjectKind, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
            /// let kept = ExternRef::new(&mut store, 7)?;
            /// let kinds: Vec<_> = store.heap_walk()?.map(|object| object.kind()).collect();
            /// assert_eq!(kinds, [ObjectKind::Host]);
            /// drop(kept);
            /// assert_eq!(store.heap_walk()?.count(), 0);
            /// # Ok(())
            /// # }
            /// ```
            pub fn heap_walk(&mut self) -> Result<HeapWalk<'_>, Error> {
                $inner(self).heap_walk()
            }

            /// How many objects of each type live, how many bytes they take, how many of
            /// them are young, and what was made since the last collection.
            ///
            /// # Errors
            /// As `heap_walk`.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Config, Engine, ExternRef, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
            /// let kept = ExternRef::new(&mut store, 7)?;
            /// drop(ExternRef::new(&mut store, 8)?);
            /// let hosts = store.heap_statistics()?.types.remove(0);
            /// assert_eq!((hosts.name.as_str(), hosts.live.objects), ("host", 1));
            /// assert_eq!(hosts.allocated.objects, 2);
            /// # Ok(())
            /// # }
            /// ```
            pub fn heap_statistics(&mut self) -> Result<HeapStatistics, Error> {
                $inner(self).heap_statistics()
            }

            /// Shows everything that lives, and every reference, item by item, until
            /// `visit` says that it is enough: each slot outside of objects, then
            /// continuations, then objects with what is in them. A few bits for each
            /// object are kept, and no graph.
            ///
            /// # Errors
            /// As `heap_walk`.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Config, Engine, ExternRef, GraphItem, Store};
            /// use std::ops::ControlFlow;
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
            /// let kept = ExternRef::new(&mut store, 7)?;
            /// let mut roots = 0;
            /// store.visit_graph(|item| {
            ///     roots += u32::from(matches!(item, GraphItem::Root { .. }));
            ///     ControlFlow::Continue(())
            /// })?;
            /// assert_eq!(roots, 1);
            /// # Ok(())
            /// # }
            /// ```
            pub fn visit_graph(
                &mut self,
                mut visit: impl FnMut(GraphItem) -> ControlFlow<()>,
            ) -> Result<(), Error> {
                $inner(self).visit_graph(&mut visit)
            }

            /// Shows everything the store has, in one pass, until `visit` says that it is enough:
            /// globals, tables, segments, handles and weak handles, then continuations with each
            /// slot of their frames, then objects with their contents; whatever is in a place,
            /// references or not. Continuations that are forgotten and not ended yet are shown
            /// too. What the numbers are called, `names` says.
            ///
            /// # Errors
            /// As `heap_walk`.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Config, Engine, ExternRef, Store, SurveyItem, SurveyOptions};
            /// use std::ops::ControlFlow;
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
            /// let kept = ExternRef::new(&mut store, 7)?;
            /// let mut objects = Vec::new();
            /// let mut show = |item: SurveyItem<'_>| {
            ///     if let SurveyItem::Object(object) = item {
            ///         objects.push((object.identity(), object.host_type()));
            ///     }
            ///     ControlFlow::Continue(())
            /// };
            /// // Twice, with a collection in between that moves the object.
            /// let options = SurveyOptions { follow: true };
            /// store.survey(options, &mut show)?;
            /// store.gc()?;
            /// let summary = store.survey(options, &mut show)?;
            /// assert_eq!(summary.totals.objects, 1);
            /// assert_eq!(objects, [(1, Some("i32")), (1, Some("i32"))]);
            /// # drop(kept);
            /// # Ok(())
            /// # }
            /// ```
            pub fn survey(
                &mut self,
                options: SurveyOptions,
                visit: &mut dyn FnMut(SurveyItem<'_>) -> ControlFlow<()>,
            ) -> Result<SurveySummary, Error> {
                $inner(self).survey(options, visit)
            }

            /// Ends what [`SurveyOptions::follow`] began.
            pub fn unfollow(&mut self) {
                $inner(self).unfollow();
            }

            /// Looks for what the numbers of a survey are called.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Config, Engine, FixedPlace, Linker, Module, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let engine = Engine::new(&Config::new())?;
            /// let module = Module::new(&engine, b"(module (global $g i32 (i32.const 7)))")?;
            /// let mut store = Store::new(&engine, ())?;
            /// Linker::new(&engine).instantiate(&mut store, &module)?;
            /// let global = FixedPlace::Global { instance: Some(0), index: 0 };
            /// assert_eq!(store.names().fixed(global).as_deref(), Some("g"));
            /// # Ok(())
            /// # }
            /// ```
            pub fn names(&self) -> StoreNames<'_> {
                inner(self).names()
            }

            /// Everything that lives and every reference, as a graph of at most `most`
            /// nodes and edges.
            ///
            /// # Errors
            /// As `heap_walk`; [`Error::Limit`] if there are more.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Config, Engine, ExternRef, GraphNode, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
            /// let kept = ExternRef::new(&mut store, 7)?;
            /// let graph = store.object_graph(1000)?;
            /// assert!(matches!(graph.nodes[0], GraphNode::Handle { .. }));
            /// assert!(matches!(graph.nodes[1], GraphNode::Object { .. }));
            /// assert_eq!((graph.edges[0].from, graph.edges[0].to), (0, 1));
            /// # Ok(())
            /// # }
            /// ```
            pub fn object_graph(&mut self, most: usize) -> Result<ObjectGraph, Error> {
                $inner(self).object_graph(most)
            }

            /// What the registry says about itself, and about continuations one
            /// by one: what they are, where they were made and are stopped, what
            /// they hold, and why they are alive. Looks at all of them as a
            /// collection does, and moves nothing.
            ///
            /// # Errors
            /// [`Error::Internal`] if a frame is not as it must be.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, Func, ReportOptions, Store};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let mut store = Store::new(&Engine::default(), ())?;
            /// let k = Func::wrap(&mut store, || ())?.continuation(&mut store)?;
            /// let report = store.continuations(ReportOptions::default())?;
            /// assert_eq!(report.continuations.len(), 1);
            /// assert_eq!(report.continuations[0].frames, 0, "it has not run");
            /// # drop(k);
            /// # Ok(())
            /// # }
            /// ```
            pub fn continuations(
                &mut self,
                options: ReportOptions,
            ) -> Result<ContinuationsReport, Error> {
                $inner(self).continuations(options)
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
