//! Who is told when something happens in a store.

use crate::access::{Observer, Store, StoreView, Watcher, inner_mut};
use mangrove_abi::Requests;
use mangrove_collector::PhaseReport;
use mangrove_runtime::{CollectionPolicy, Event, inner};

impl<T> Store<T> {
    /// Who counts the requests to the system that the store's engine makes, all of its stores
    /// included.
    #[doc(hidden)]
    pub fn requests(&self) -> &Requests {
        inner(self).requests()
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
    /// [`EventKind`](crate::EventKind). He sees names and counts, and no store. Switches, and continuations that
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
