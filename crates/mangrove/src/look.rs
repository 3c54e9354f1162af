//! What of a store can be looked at between two steps of a program: its roots, its objects,
//! its continuations, one by one or all of them as a graph. Nothing moves.

use crate::access::{Caller, Store, StoreView, inner_mut};
use mangrove_collector::{ContinuationsReport, GraphItem, ObjectGraph, ReportOptions, RootSet};
use mangrove_runtime::{
    Error, HeapStatistics, HeapWalk, StoreNames, SurveyItem, SurveyOptions, SurveySummary, inner,
};
use std::ops::ControlFlow;

/// What can be looked at in a store, by whoever has access to it.
macro_rules! looking {
    ($([$($header:tt)*] by $inner:path;)*) => { $(
        $($header)* {
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
            /// store.unfollow();
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
            ///
            /// # Examples
            /// See [`Self::survey`].
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
        }
    )* };
}

looking! {
    [impl<T> Store<T>] by inner_mut;
    [impl<T> Caller<'_, T>] by inner_mut;
    [impl StoreView<'_>] by StoreView::inner_mut;
}
