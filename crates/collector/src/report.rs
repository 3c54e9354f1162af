//! What the continuations of a store are doing: a line for each.

use crate::walk::Walker;
use crate::{Code, CodeName, CollectError, ModuleId};
use mangrove_abi::{ContRecord, FuncRef, FunctionKind, StoreContext};
use mangrove_continuation::{Registry, RegistryReport, State};
use mangrove_stack::Frame;
use serde::Serialize;

/// The registry's counts, and every live continuation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContinuationsReport {
    /// Counts and bytes.
    pub registry: RegistryReport,
    /// The live ones, by id.
    pub continuations: Vec<ContinuationInfo>,
}

/// One live continuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ContinuationInfo {
    /// Its record's number. Records are used again: unique among the live.
    pub id: u32,
    /// Fresh, running, parent or suspended.
    #[serde(serialize_with = "state_name")]
    pub state: State,
    /// The function it was made from.
    pub function: FunctionName,
    /// The `cont.new` that made it; none if the host did.
    pub created: Option<Created>,
    /// Where its innermost Wasm frame is stopped; none if it has none.
    pub stopped: Option<Place>,
    /// The continuation that resumed it (or holds the chain it is suspended
    /// in); none if there is none, or it is the host.
    pub parent: Option<u32>,
    /// Its frames, trampolines included.
    pub frames: u32,
    /// Bytes it uses of its stack.
    pub stack_bytes: u64,
    /// Slots in its frames that hold references, null or not.
    pub roots: u32,
}

/// A function of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionName {
    /// The instance's number (for a host function: its number among those).
    pub instance: u64,
    /// The function's index in its module (for a host function: in the store).
    pub index: u32,
}

/// A `cont.new` that was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Created {
    /// The instance that executed it.
    pub instance: u64,
    /// Its byte offset in the module.
    pub wasm_offset: u64,
}

/// A call in Wasm code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The module.
    pub module: ModuleId,
    /// The function.
    pub function: CodeName,
    /// Byte offset of the call in the module.
    pub wasm_offset: u32,
}

/// Reports on every live continuation. `fault` is where the running stack is
/// stopped if it trapped and its frames are still there.
///
/// # Errors
/// When a frame cannot be understood.
///
/// # Safety
/// As for [`crate::collect`].
pub unsafe fn continuations(
    registry: &Registry,
    ctx: &StoreContext,
    code: &dyn Code,
    fault: Option<Frame>,
) -> Result<ContinuationsReport, CollectError> {
    let mut walker = Walker::new(code);
    let mut continuations = Vec::new();
    for (record, state) in registry.states(ctx) {
        if matches!(state, State::Gone | State::Host) {
            continue;
        }
        let fault = fault.filter(|_| state == State::Running);
        // SAFETY: a live record of the registry, stopped by contract.
        continuations.push(unsafe { describe(&mut walker, record, state, fault)? });
    }
    Ok(ContinuationsReport {
        registry: registry.report(ctx),
        continuations,
    })
}

/// # Safety
/// `record` is live and stopped (at `fault`, if given).
unsafe fn describe(
    walker: &mut Walker<'_>,
    record: *const ContRecord,
    state: State,
    fault: Option<Frame>,
) -> Result<ContinuationInfo, CollectError> {
    let (mut frames, mut roots, mut stopped) = (0, 0, None);
    let frame = |frame: crate::walk::KnownFrame<'_>| {
        frames += 1;
        roots += frame.site.slots.len() as u32;
        if stopped.is_none() && matches!(frame.site.function(), FunctionKind::Wasm(_)) {
            stopped = Some(Place {
                module: frame.site.module,
                function: frame.site.function().into(),
                wasm_offset: frame.site.wasm_offset(),
            });
        }
    };
    // SAFETY: by contract; a live record's function, instances and parent live
    // as long as the store.
    unsafe {
        walker.frames(record, fault, frame)?;
        let FuncRef {
            instance, index, ..
        } = *(*record).func;
        let creator = (*record).creator.as_ref();
        let parent = (*record).parent.as_ref();
        Ok(ContinuationInfo {
            id: (*record).id,
            state,
            function: FunctionName {
                instance: (*instance).index,
                index,
            },
            created: creator.map(|creator| Created {
                instance: creator.index,
                wasm_offset: (*record).created_at,
            }),
            stopped,
            parent: parent
                .filter(|parent| !is_host(parent))
                .map(|parent| parent.id),
            frames,
            stack_bytes: (*record).stack_top - fault.map_or((*record).sp, |fault| fault.fp),
            roots,
        })
    }
}

fn is_host(record: &ContRecord) -> bool {
    record.state == mangrove_abi::RecordState::Host as u32
}

fn state_name<S: serde::Serializer>(state: &State, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(match state {
        State::Fresh => "fresh",
        State::Running => "running",
        State::Parent => "parent",
        State::Suspended => "suspended",
        State::Gone => "gone",
        State::Host => "host",
    })
}
