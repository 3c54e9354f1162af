//! The roots a store has outside of frames, and collections.
//!
//! [`StoreInner::parts`] takes the store apart field by field, without `..`: a
//! field that is added does not compile until someone has decided whether it
//! holds roots.
//!
//! Next on the road of a root: `crates/collector/src/collect.rs`.

use crate::elements::ElementValues;
use crate::error::Error;
use crate::event::EventKind;
use crate::host_values::HostValues;
use crate::id::Origin;
use crate::instance::InstancePtr;
use crate::kind::ValueKind;
use crate::refusals::heap_error;
use crate::report::Named;
use crate::rooted::Handles;
use crate::store::{Dropping, GlobalEntry, StoreInner};
use crate::store_code::StoreCode;
use crate::survey::followed::Followed;
use crate::table::entry::TableEntry;
use crate::trace;
use crate::watch::Moment;
use crate::weak::WeakTables;
use mangrove_abi::{Defect, GlobalCell, Logged, SlotKind, StoreContext, TransferSlot};
use mangrove_collector::{
    CollectError, CollectOptions, CollectionKind, ContinuationsReport, Phases, ReportOptions,
    RootOwner, RootSet, RootVisitor, Roots, StoreParts, Survivors, collect, continuations,
    root_set,
};
use mangrove_continuation::Registry;
use mangrove_heap::{Heap, HeapError};
use std::fmt;
use std::panic::resume_unwind;

/// With `minor` zeal one of this many collections is a full one.
const ZEAL_FULL: u64 = 8;

/// Everything with roots outside of frames.
pub(crate) struct StoreRoots<'a> {
    instances: &'a [InstancePtr],
    new_segments: &'a mut Vec<InstancePtr>,
    globals: &'a [GlobalEntry],
    tables: &'a mut [TableEntry],
    handles: &'a mut Handles,
    operands: &'a mut [(TransferSlot, Option<SlotKind>)],
    /// What keeps nothing, and follows what is kept.
    weak: &'a mut WeakTables,
    followed: &'a mut Option<Followed>,
    pub(crate) host_values: &'a mut HostValues,
    /// What a minor collection is not shown, for tests.
    defect: Option<Defect>,
}

/// A store's parts, as a collection needs them.
pub(crate) struct Parts<'a> {
    pub(crate) heap: &'a mut Heap,
    pub(crate) registry: &'a mut Registry,
    pub(crate) ctx: &'a mut StoreContext,
    pub(crate) code: &'a StoreCode,
    pub(crate) roots: StoreRoots<'a>,
    pub(crate) names: Named<'a>,
}

impl<'a> Parts<'a> {
    /// The parts for who looks and moves nothing, the roots, and the names.
    pub(crate) fn split(self) -> (StoreParts<'a>, StoreRoots<'a>, Named<'a>) {
        let parts = StoreParts {
            heap: self.heap,
            registry: self.registry,
            ctx: self.ctx,
            code: self.code,
        };
        (parts, self.roots, self.names)
    }
}

impl StoreInner {
    /// Takes the store apart. See the module's description.
    pub(crate) fn parts(&mut self) -> Parts<'_> {
        let Self {
            // What the collector works with.
            ctx,
            heap,
            registry,
            code,
            // What holds roots.
            instances,
            new_segments,
            globals,
            tables,
            handles,
            operands,
            // What refers to objects and keeps none.
            weak,
            followed,
            host_values,
            // Numbers of bytes.
            heap_bound: _,
            stack_bound: _,
            shares: _,
            // Types, and code by type.
            signatures: _,
            suspended_types: _,
            layouts: _,
            engine,
            // Of the instances.
            tail_callers: _,
            // A memory holds bytes, a tag a type.
            memories: _,
            spare_memories: _,
            tags: _,
            // A host function's references are the handles in its closure.
            host_funcs,
            linked: _,
            clone_funcs: _,
            host_func: _,
            // Records only; the running chain is walked from the context.
            activations: _,
            moving: _,
            // Errors refer to objects through handles.
            pending: _,
            watchers: _,
            phase_watchers: _,
            // They have no access to the store.
            limiter: _,
            heap_asked: _,
            heap_refused_by: _,
            policy: _,
            // Modules, of which only instances hold references.
            face: _,
            // The embedder's data refers to objects through handles.
            data: _,
            id: _,
            collections: _,
            minor_collections: _,
            zeal_moments: _,
            interruption: _,
            types: _,
        } = self;
        Parts {
            heap,
            registry,
            // SAFETY: owned by this store, and no compiled code runs now.
            ctx: unsafe { ctx.as_mut() },
            code,
            roots: StoreRoots {
                instances,
                new_segments,
                globals,
                tables,
                handles,
                operands,
                weak,
                followed,
                host_values,
                defect: engine.settings().defect,
            },
            names: Named {
                engine,
                instances,
                host_funcs,
            },
        }
    }

    /// Collects everything now.
    ///
    /// # Errors
    /// As [`StoreInner::collect_as`].
    pub fn collect(&mut self) -> Result<(), Error> {
        self.collect_as(CollectionKind::Full)
    }

    /// Collects because zeal wants it.
    pub(crate) fn collect_for_zeal(&mut self) -> Result<(), Error> {
        let minor = self.engine.settings().zeal.minor;
        let full = self.collections % ZEAL_FULL == ZEAL_FULL - 1;
        self.collect_as(match minor && !full {
            true => CollectionKind::Minor,
            false => CollectionKind::Full,
        })
    }

    /// Collects now.
    ///
    /// # Errors
    /// [`Error::Resource`] when the system has no memory for it, and the store is
    /// as it was; [`Error::Internal`] when something is not as it must be.
    pub fn collect_as(&mut self, kind: CollectionKind) -> Result<(), Error> {
        let number = self.collections + 1;
        let begins = EventKind::Collection { number, kind };
        self.notify_of(Moment::Collection(number), |_| Some(begins));
        self.uninterrupted()?;
        self.trace_roots()?;
        match kind {
            CollectionKind::Full => self.handles.prune(),
            CollectionKind::Minor => self.handles.prune_young(),
        }
        let config = self.engine.settings();
        let options = CollectOptions {
            kind,
            verify: config.verify_heap || config.zeal.is_on(),
        };
        let mut watchers = std::mem::take(&mut self.phase_watchers);
        let nobody = watchers.list.is_empty();
        let mut tell = |report| watchers.tell(&report);
        let mut phases = Phases::default();
        if !nobody {
            phases = Phases::told(&mut tell);
        }
        let Parts {
            heap,
            registry,
            ctx,
            code,
            mut roots,
            names: _,
        } = self.parts();
        // SAFETY: the parts are one store's; we are the host, so its chain is
        // stopped at calls (a trapped one was set back to its last call); `code`
        // has every image instantiated in it, and `roots` everything else.
        let collected =
            unsafe { collect(heap, registry, ctx, code, &mut roots, options, &mut phases) };
        self.phase_watchers = watchers;
        match collected {
            Ok(report) => {
                trace::collected(&report);
                self.collections += 1;
                self.minor_collections += u64::from(report.kind == CollectionKind::Minor);
                self.close_window();
                if report.kind == CollectionKind::Full {
                    self.park_old();
                }
                if options.verify {
                    self.verify_weak()?;
                }
                let mut dropping = Dropping::default();
                // They have no access to the store.
                dropping.each(self.host_values.take_dead());
                let over = EventKind::Collected(report);
                self.notify_of(Moment::Collected(report), |_| Some(over));
                let told = self.phase_watchers.take_panic();
                if let Some(panic) = dropping.into_panic() {
                    resume_unwind(panic);
                }
                if let Some(panic) = told {
                    resume_unwind(panic);
                }
                self.uninterrupted()
            }
            Err(CollectError::Heap(error)) if !matches!(error, HeapError::Broken) => {
                Err(heap_error(error))
            }
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// Says what the roots are, if someone listens: a line on all of them, and one on
    /// each.
    fn trace_roots(&mut self) -> Result<(), Error> {
        if !tracing::enabled!(target: trace::ROOTS, tracing::Level::TRACE) {
            return Ok(());
        }
        let set = self.root_set()?;
        let (roots, continuations, frames) = (set.roots.len(), set.continuations, set.frames);
        tracing::debug!(target: trace::ROOTS, roots, continuations, frames, "root set");
        for root in &set.roots {
            tracing::trace!(target: trace::ROOTS, owner = %root.owner, value = ?root.value, "root");
        }
        Ok(())
    }

    /// Lends the parts to who looks and moves nothing, once the handles that nobody has
    /// are gone.
    ///
    /// # Errors
    /// [`Error::Internal`] if a frame or the heap is not as it must be.
    pub(crate) fn look<R, E: fmt::Display>(
        &mut self,
        look: impl FnOnce(Parts<'_>) -> Result<R, E>,
    ) -> Result<R, Error> {
        self.handles.prune();
        look(self.parts()).map_err(Error::internal)
    }

    /// The root set now.
    pub fn root_set(&mut self) -> Result<RootSet, Error> {
        self.look(|parts| {
            let (parts, mut roots, _) = parts.split();
            // SAFETY: as in `collect_as`.
            unsafe { root_set(parts, &mut roots) }
        })
    }

    /// What the continuations are doing now, and why they are alive.
    ///
    /// # Errors
    /// [`Error::Internal`] if a frame is not as it must be.
    pub fn continuations(&mut self, options: ReportOptions) -> Result<ContinuationsReport, Error> {
        self.look(|parts| {
            let (parts, mut roots, names) = parts.split();
            // SAFETY: as in `collect_as`.
            unsafe { continuations(parts, &mut roots, &names, options) }
        })
    }

    /// How many continuations live, initial ones included.
    pub(crate) fn live_records(&self) -> u64 {
        // SAFETY: the context is ours, and no compiled code runs.
        self.registry.live(unsafe { self.ctx.as_ref() })
    }
}

/// Shows a slot that holds a value of this kind.
///
/// # Safety
/// `slot` is valid and holds one.
unsafe fn show(visitor: &mut dyn RootVisitor, owner: RootOwner, kind: ValueKind, slot: *mut u8) {
    // SAFETY: by contract.
    unsafe {
        match kind {
            ValueKind::Any | ValueKind::Extern | ValueKind::Exn => {
                visitor.heap_ref(owner, slot.cast());
            }
            ValueKind::Cont(_) => visitor.cont_ref(owner, slot.cast()),
            ValueKind::I32
            | ValueKind::I64
            | ValueKind::F32
            | ValueKind::F64
            | ValueKind::V128
            | ValueKind::Func => {}
        }
    }
}

/// Shows an element of a table.
///
/// # Safety
/// `slot` is that element of the table, and of this kind.
unsafe fn show_element(
    visitor: &mut dyn RootVisitor,
    table: &TableEntry,
    element: u64,
    kind: ValueKind,
    slot: *mut u8,
) {
    let Origin { instance, index } = table.origin();
    let owner = RootOwner::Table {
        instance,
        index,
        element,
    };
    // SAFETY: by contract.
    unsafe { show(visitor, owner, kind, slot) };
}

// SAFETY: [`StoreInner::parts`] names every field that holds roots, and each is
// gone through below; nothing is in two of them.
unsafe impl Roots for StoreRoots<'_> {
    fn visit(&mut self, visitor: &mut dyn RootVisitor) {
        for global in self.globals {
            let Origin { instance, index } = global.origin;
            let owner = RootOwner::Global { instance, index };
            // SAFETY: the cell is this store's and holds a value of its kind.
            unsafe { show(visitor, owner, global.kind, global.cell.as_ptr().cast()) };
        }
        for table in &*self.tables {
            // SAFETY: the table shows its own elements.
            table.visit(|element, kind, slot| unsafe {
                show_element(visitor, table, element, kind, slot);
            });
        }
        for instance in self.instances {
            segments(visitor, *instance);
        }
        if !Defect::SkipAllHandles.is_in(self.defect) {
            self.visit_handles(visitor, 0);
        }
        let first = self.handles.heap.len() as u32;
        for (index, slot) in (first..).zip(&self.handles.conts) {
            // Continuations stay where they are: a copy will do.
            let mut value = slot.get();
            // SAFETY: ours.
            unsafe { visitor.cont_ref(RootOwner::Handle { index }, &mut value) };
        }
        self.visit_scopes(visitor, 0);
        self.visit_operands(visitor);
    }

    fn visit_young(&mut self, logged: &[Logged], visitor: &mut dyn RootVisitor) {
        // Nobody asks who holds these: an origin would be a search among all globals.
        let owner = RootOwner::Global {
            instance: None,
            index: 0,
        };
        let shown = |defect: Defect| !defect.is_in(self.defect);
        for entry in logged {
            if let Logged::Global(cell) = *entry
                && shown(Defect::DropGlobals)
            {
                // SAFETY: the store's globals that are heap references are logged, and no
                // others.
                unsafe { visitor.heap_ref(owner, (&raw mut (*cell).value).cast()) };
            }
        }
        for table in self.tables.iter().filter(|_| shown(Defect::DropTableCards)) {
            // SAFETY: the table shows its own elements.
            table.visit_young(|element, kind, slot| unsafe {
                show_element(visitor, table, element, kind, slot);
            });
        }
        let new_segments = self.new_segments.iter();
        for instance in new_segments.filter(|_| shown(Defect::SkipSegments)) {
            segments(visitor, *instance);
        }
        if shown(Defect::SkipHandles) {
            self.visit_handles(visitor, self.handles.old);
        }
        if shown(Defect::SkipScopes) {
            self.visit_scopes(visitor, self.handles.scopes.old);
        }
        self.visit_operands(visitor);
    }

    fn clean(&mut self, logged: Option<&[Logged]>) {
        let unlist = |cell: *mut GlobalCell| {
            // SAFETY: a cell of this store, and no compiled code runs.
            unsafe { (*cell).listed = 0 };
        };
        match logged {
            None => self
                .globals
                .iter()
                .for_each(|global| unlist(global.cell.as_ptr())),
            Some(logged) => logged.iter().for_each(|entry| {
                if let Logged::Global(cell) = *entry {
                    unlist(cell);
                }
            }),
        }
        self.tables.iter_mut().for_each(TableEntry::clean);
        self.new_segments.clear();
        self.handles.old = self.handles.heap.len();
        let scopes = &mut self.handles.scopes;
        scopes.old = scopes.slots.len();
    }

    fn sweep_weak(&mut self, survivors: &Survivors<'_, '_>) {
        if let Some(followed) = self.followed {
            // SAFETY: the entries are of this store's objects, as the last survey or
            // collection left them.
            unsafe { followed.sweep(survivors) };
        }
        let minor = survivors.kind() == CollectionKind::Minor;
        if minor && Defect::SkipWeak.is_in(self.defect) {
            return;
        }
        // SAFETY: the lists, the values and what is collected are one store's; what the
        // lists and the values refer to, the last collection has followed or removed.
        unsafe {
            self.weak.sweep(survivors, self.defect);
            let drops = Defect::DropValues.is_in(self.defect);
            let now = |object| survivors.object(object).filter(|_| !drops);
            self.host_values.sweep(survivors.kind(), now);
        }
    }
}

impl StoreRoots<'_> {
    /// The handles of heap references, from one on.
    fn visit_handles(&self, visitor: &mut dyn RootVisitor, from: usize) {
        for (index, slot) in (from as u32..).zip(&self.handles.heap[from..]) {
            // SAFETY: a handle's slot, which only those with access to the store read.
            unsafe { visitor.heap_ref(RootOwner::Handle { index }, slot.address()) };
        }
    }

    /// The handles of scopes, from one on.
    fn visit_scopes(&mut self, visitor: &mut dyn RootVisitor, from: usize) {
        let first = self.handles.heap.len() + self.handles.conts.len() + from;
        let slots = &mut self.handles.scopes.slots[from..];
        for (index, slot) in (first as u32..).zip(slots) {
            // SAFETY: a scope's slot, in a list that nobody else has now.
            unsafe { visitor.heap_ref(RootOwner::Handle { index }, &raw mut slot.offset) };
        }
    }

    /// Operands of a constant expression: few, and always looked at.
    fn visit_operands(&mut self, visitor: &mut dyn RootVisitor) {
        let handles = &self.handles;
        let first = handles.heap.len() + handles.conts.len() + handles.scopes.slots.len();
        let first = first as u32;
        for (index, (slot, kind)) in (first..).zip(&mut *self.operands) {
            let owner = RootOwner::Handle { index };
            let slot = &raw mut slot.words;
            // SAFETY: the operand is a reference of that kind, in the low bytes.
            unsafe {
                match kind {
                    Some(SlotKind::Ref) => visitor.heap_ref(owner, slot.cast()),
                    Some(SlotKind::Cont) => visitor.cont_ref(owner, slot.cast()),
                    None => {}
                }
            }
        }
    }
}

/// Shows the items of an instance's element segments.
fn segments(visitor: &mut dyn RootVisitor, instance: InstancePtr) {
    let number = instance.index;
    for (segment, values) in (0..).zip(&mut *instance.elements.borrow_mut()) {
        let owner = |index| RootOwner::Element {
            instance: number,
            segment,
            index,
        };
        match values {
            ElementValues::Heap(items) => {
                let items = (0..).zip(items);
                // SAFETY: the segment's own items.
                items.for_each(|(index, item)| unsafe {
                    visitor.heap_ref(owner(index), item);
                });
            }
            ElementValues::Cont(items) => {
                let items = (0..).zip(items);
                // SAFETY: the segment's own items.
                items.for_each(|(index, item)| unsafe {
                    visitor.cont_ref(owner(index), item);
                });
            }
            ElementValues::Func(_) => {}
        }
    }
}
