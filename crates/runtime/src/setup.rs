//! Making a store.

use crate::activation::Activations;
use crate::engine::EngineCore;
use crate::error::Error;
use crate::host_values::HostValues;
use crate::id::StoreId;
use crate::interruption::Deadlines;
use crate::libcalls;
use crate::parking::give_stack;
use crate::plan::{Plan, StackRoom, heap_config};
use crate::policy::{PhaseWatchers, Policy};
use crate::refusals::heap_error;
use crate::rooted::{Handles, Moving};
use crate::settings::Settings;
use crate::store::StoreInner;
use crate::store_code::StoreCode;
use crate::types::KeptTypes;
use crate::watch::Watchers;
use crate::weak::WeakTables;
use crate::zeal::Moments;
use hashbrown::HashMap;
use mangrove_abi::StoreContext;
use mangrove_collector::admission::ContinuationsInObjects;
use mangrove_continuation::{Registry, RegistryConfig};
use mangrove_heap::{Heap, HeapConfig};
use mangrove_stack::ArenaConfig;
use std::any::Any;
use std::cell::RefCell;
use std::ptr::{self, NonNull};

/// The insides of a new store, in a box that the caller owns. Its data is still to be
/// set; `face` is what the API keeps with it.
///
/// # Errors
/// Address space or memory is not to be had.
pub fn new_store(
    engine: &EngineCore,
    face: Box<dyn Any + Send>,
) -> Result<NonNull<StoreInner>, Error> {
    let (config, plan) = (engine.settings(), engine.plan());
    let heap_room = plan.heap(config)?;
    let room = plan.stacks(config)?;
    let heap = HeapConfig {
        continuations: config.continuations_in_objects == ContinuationsInObjects::Trace,
        strict_commit: plan.strict_commit,
        requests: plan.requests.clone(),
        ..heap_config(config, heap_room.max)
    };
    // SAFETY: the engine's table has readable entries for all its types, at a
    // fixed place, for as long as the engine, which the store keeps. The types of a
    // store's objects are its instances' and tags', which hold them until it is dropped.
    let heap = unsafe { Heap::new(heap, engine.descriptors(), plan.type_end) };
    let heap = heap.map_err(heap_error)?;
    let mut registry = Registry::new(registry_config(config, &room, plan));
    // SAFETY: `give_stack` unparks in the registry of the context's owner, which
    // is the store that this registry will be in.
    unsafe { registry.allow_parking(config.parking, give_stack) };
    let mut ctx = StoreContext::new();
    ctx.defect = config.defect;
    heap.attach(&mut ctx);
    ctx.libcalls = libcalls::TABLE.as_ptr();
    let interruption = deadlines(engine, &mut ctx);
    let mut inner = Box::new(StoreInner {
        id: StoreId::next(),
        engine: engine.clone(),
        ctx: NonNull::from(Box::leak(ctx)),
        heap,
        registry,
        heap_bound: heap_room.bound,
        stack_bound: room.bound,
        shares: (heap_room.shares, room.shares),
        code: StoreCode::default(),
        instances: Vec::new(),
        tail_callers: RefCell::default(),
        new_segments: Vec::new(),
        host_funcs: Vec::new(),
        linked: HashMap::new(),
        clone_funcs: HashMap::new(),
        globals: Vec::new(),
        tables: Vec::new(),
        memories: Vec::new(),
        tags: Vec::new(),
        spare_memories: Vec::new(),
        handles: Handles::default(),
        host_values: HostValues::default(),
        weak: WeakTables::default(),
        followed: None,
        layouts: HashMap::new(),
        operands: Vec::new(),
        activations: Activations::default(),
        host_func: ptr::null(),
        pending: None,
        watchers: Watchers::default(),
        phase_watchers: PhaseWatchers::default(),
        limiter: None,
        heap_asked: None,
        heap_refused_by: None,
        policy: Policy::default(),
        interruption,
        types: KeptTypes::new(engine.engine_types()),
        signatures: HashMap::new(),
        suspended_types: HashMap::new(),
        collections: 0,
        minor_collections: 0,
        zeal_moments: Moments::new(config.zeal),
        moving: Moving::default(),
        face,
        data: NonNull::dangling(),
    });
    inner.close_window();
    let inner = NonNull::from(Box::leak(inner));
    // SAFETY: both were just made.
    unsafe { (*(*inner.as_ptr()).ctx.as_ptr()).owner = inner.as_ptr().cast() };
    Ok(inner)
}

/// The deadline of a new store, in its context as well, where no fuel is granted.
pub(crate) fn deadlines(engine: &EngineCore, ctx: &mut StoreContext) -> Deadlines {
    let config = engine.settings();
    ctx.epoch = engine.epoch();
    ctx.fuel = 0;
    // Until the embedder sets another: the first epoch there is.
    let deadline = config.epoch_interruption.then_some(0);
    // With zeal every check is to call.
    ctx.epoch_deadline = match config.zeal.interrupt {
        true => 0,
        false => deadline.unwrap_or(u64::MAX),
    };
    Deadlines::new(deadline)
}

fn registry_config(config: &Settings, room: &StackRoom, plan: &Plan) -> RegistryConfig {
    RegistryConfig {
        stacks: ArenaConfig {
            stack_size: config.stack_size,
            guard: config.guard,
            max_stacks: room.stacks,
            strict_commit: plan.strict_commit,
            requests: plan.requests.clone(),
        },
        initial_stack_size: config.initial_stack_size,
        max_initial_stacks: room.initial,
        max_stack_bytes: room.bytes_max,
        max_continuations: config.continuations_max,
    }
}
