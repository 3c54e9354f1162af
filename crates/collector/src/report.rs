//! What the continuations of a store are doing, one by one.

use crate::names::{Created, FunctionId, MadeFrom, Names, Place, WasmLocation};
use crate::parts::StoreParts;
use crate::walk::{KnownFrame, WalkError, Walker};
use crate::why::{Reasons, Why};
use crate::{CollectError, Roots};
use mangrove_abi::{ContRecord, FuncRef, FunctionKind};
use mangrove_continuation::{Registry, RegistryReport, State};
use mangrove_heap::Heap;
use mangrove_stack::is_parked;
use serde::Serialize;
use std::cmp::Reverse;

/// What a report is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportOptions {
    /// Most continuations that are told of one by one.
    pub top: usize,
    /// Which ones come first.
    pub sort: SortBy,
    /// Whether to count the stacks' bytes in memory, which asks the kernel about
    /// each stack.
    pub resident: bool,
}

impl Default for ReportOptions {
    /// The first ten by id, with the bytes in memory.
    fn default() -> Self {
        Self {
            top: 10,
            sort: SortBy::Id,
            resident: true,
        }
    }
}

/// In which order continuations are told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SortBy {
    /// By id, from 0.
    #[default]
    Id,
    /// The oldest first.
    Age,
    /// Those that use most of their stacks first.
    Stack,
    /// Those that hold most roots first.
    Roots,
    /// Those with most frames first.
    Depth,
}

/// The registry's counts, and live continuations one by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContinuationsReport {
    /// Counts and bytes.
    #[serde(flatten)]
    pub registry: RegistryReport,
    /// Bytes of memory behind the stacks, if asked for: what the kernel says of
    /// each page of each stack (`mincore`). Guards and page tables are not in it.
    pub resident_bytes: Option<u64>,
    /// Live ones, sorted as asked.
    pub continuations: Vec<ContinuationReport>,
    /// How many more live.
    pub omitted: u64,
}

/// A live continuation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContinuationReport {
    /// Its number. Numbers are used again: unique among the live.
    pub id: u32,
    /// Fresh, running, parent or suspended.
    pub state: State,
    /// Whether it is parked: fresh or suspended, without a stack.
    pub parked: bool,
    /// The function it was made from.
    pub function: MadeFrom,
    /// Its type, in text form, with the names of that function's module.
    pub ty: String,
    /// The `cont.new` that made it, or what it is a clone of; none if the host did.
    pub created: Option<Place>,
    /// The number of the continuation it was cloned from, then: that one may be over, and
    /// the number another's. None if it is no clone.
    pub clone_of: Option<u32>,
    /// Where its innermost Wasm frame is stopped; none if it has none.
    pub stopped: Option<Place>,
    /// The continuation that resumed it, or holds the chain it is suspended in;
    /// none if there is none, or it is the host.
    pub parent: Option<u32>,
    /// Its frames, trampolines included.
    pub frames: u32,
    /// Bytes it uses of its stack.
    pub stack_bytes: u64,
    /// Slots in its frames that hold references, null or not.
    pub roots: u32,
    /// Collections that have found it alive.
    pub age: u32,
    /// Why it is alive: the way from a root to it. None if nothing reaches it
    /// any more: the next collection ends it.
    pub why: Option<Why>,
}

/// Reports on live continuations, by their `names`.
///
/// # Errors
/// When a frame cannot be understood.
///
/// # Safety
/// As for [`crate::collect`].
pub unsafe fn continuations(
    parts: StoreParts<'_>,
    roots: &mut dyn Roots,
    names: &dyn Names,
    options: ReportOptions,
) -> Result<ContinuationsReport, CollectError> {
    let StoreParts {
        heap,
        registry,
        ctx,
        code,
    } = parts;
    // SAFETY: by contract.
    let reasons = unsafe { Reasons::find(heap, registry, ctx, code, roots)? };
    let registry = &*registry;
    let mut reporter = Reporter {
        heap,
        registry,
        names,
        walker: Walker::new(code),
    };
    let mut live = Vec::new();
    for (record, state) in registry.states(ctx) {
        if !matches!(state, State::Gone | State::Host) {
            // SAFETY: a live record of the registry, stopped by contract.
            let key = unsafe { reporter.key(options.sort, record)? };
            live.push((key, record, state));
        }
    }
    let omitted = live.len().saturating_sub(options.top);
    if omitted > 0 && options.top > 0 {
        live.select_nth_unstable_by_key(options.top - 1, |&(key, ..)| key);
    }
    live.truncate(options.top);
    live.sort_unstable_by_key(|&(key, ..)| key);
    let mut continuations = Vec::with_capacity(live.len());
    for (_, record, state) in live {
        // SAFETY: as above.
        continuations.push(unsafe { reporter.describe(record, state, &reasons)? });
    }
    Ok(ContinuationsReport {
        registry: registry.report(ctx),
        resident_bytes: options.resident.then(|| registry.resident_bytes()),
        continuations,
        omitted: omitted as u64,
    })
}

/// Tells of one continuation after the other.
struct Reporter<'a> {
    heap: &'a Heap,
    registry: &'a Registry,
    names: &'a dyn Names,
    walker: Walker<'a>,
}

/// What a walk over a stack finds.
#[derive(Clone, Copy, Default)]
struct Extent {
    frames: u32,
    roots: u32,
    stopped: Option<WasmLocation>,
}

impl Reporter<'_> {
    /// What a continuation is sorted by, with its id. No two are equal.
    ///
    /// # Safety
    /// `record` is live and stopped.
    unsafe fn key(
        &mut self,
        sort: SortBy,
        record: *const ContRecord,
    ) -> Result<(Reverse<u64>, u32), WalkError> {
        // SAFETY: by contract.
        let (id, most) = unsafe {
            let most = match sort {
                SortBy::Id => 0,
                SortBy::Age => self.registry.age(record).into(),
                SortBy::Stack => self.used(record),
                SortBy::Roots => self.extent(record)?.roots.into(),
                SortBy::Depth => self.extent(record)?.frames.into(),
            };
            ((*record).id.as_u32(), most)
        };
        Ok((Reverse(most), id))
    }

    /// # Safety
    /// As for [`Reporter::key`].
    unsafe fn describe(
        &mut self,
        record: *const ContRecord,
        state: State,
        reasons: &Reasons,
    ) -> Result<ContinuationReport, WalkError> {
        // SAFETY: by contract; a live record's function, instances and parent
        // live as long as the store.
        unsafe {
            let extent = self.extent(record)?;
            let FuncRef {
                instance,
                index,
                type_id,
                ..
            } = *(*record).func;
            let function = FunctionId {
                instance: ((*instance).owner != 0).then_some((*instance).index),
                index,
                type_id,
            };
            let creator = (*record).made_by().as_ref().zip((*record).created_at);
            let created = creator.map(|(creator, wasm_offset)| Created {
                instance: creator.index,
                wasm_offset,
            });
            let parent = (*record).parent.as_ref();
            Ok(ContinuationReport {
                id: (*record).id.as_u32(),
                state,
                parked: is_parked(record),
                function: self.names.made_from(function),
                ty: self.names.ty(function),
                created: created.and_then(|created| self.names.created(created)),
                clone_of: (*record).cloned_from().map(|first| (*first).id.as_u32()),
                stopped: extent.stopped.and_then(|at| self.names.stopped(at)),
                parent: parent
                    .filter(|parent| !is_host(parent))
                    .map(|parent| parent.id.as_u32()),
                frames: extent.frames,
                stack_bytes: self.used(record),
                roots: extent.roots,
                age: self.registry.age(record),
                why: reasons.why((*record).id.as_u32(), self.heap, self.names),
            })
        }
    }

    /// Bytes in use below the stack's top.
    ///
    /// # Safety
    /// As for [`Reporter::key`].
    unsafe fn used(&self, record: *const ContRecord) -> u64 {
        // SAFETY: by contract.
        unsafe { (*record).stack_top - (*record).sp }
    }

    /// # Safety
    /// As for [`Reporter::key`].
    unsafe fn extent(&mut self, record: *const ContRecord) -> Result<Extent, WalkError> {
        let mut extent = Extent::default();
        let frame = |frame: KnownFrame<'_>| {
            extent.frames += 1;
            extent.roots += frame.site.slots.len() as u32;
            if let (None, FunctionKind::Wasm(function)) = (extent.stopped, frame.site.function()) {
                extent.stopped = Some(WasmLocation {
                    module: frame.site.module,
                    function,
                    wasm_offset: frame.site.wasm_offset(),
                });
            }
        };
        // SAFETY: by contract.
        unsafe { self.walker.frames(record, frame)? };
        Ok(extent)
    }
}

fn is_host(record: &ContRecord) -> bool {
    record.state == mangrove_abi::RecordState::Host as u32
}
