//! A store is made as a new one is, with the address space and memory that it has.
//!
//! [`StoreInner::reset`] takes the store apart field by field, without `..`: a field that
//! is added does not compile until someone has decided what becomes of it.

use crate::error::Error;
use crate::host_values::HostValues;
use crate::id::StoreId;
use crate::memory::spare::MOST_SPARE;
use crate::policy::{PhaseWatchers, Policy};
use crate::refusals::heap_error;
use crate::rooted::{Handles, Moving};
use crate::setup::deadlines;
use crate::store::StoreInner;
use crate::store_code::StoreCode;
use crate::types::KeptTypes;
use crate::watch::Watchers;
use crate::weak::WeakTables;
use crate::zeal::Moments;
use std::any::Any;
use std::cell::RefCell;
use std::panic::resume_unwind;
use std::ptr;

impl StoreInner {
    /// Gives up everything that was made in the store: instances, host functions, objects,
    /// continuations, handles, and who watches, limits or decides. What is left is what a
    /// new store has, with a new number, so that handles of before are refused. Address
    /// space, stacks and memory stay for what follows, within bounds. `face` is what
    /// the API keeps with it.
    ///
    /// # Errors
    /// Wasm runs ([`Error::Usage`]), or a collection of the store failed half way: nothing
    /// has changed then.
    ///
    /// # Panics
    /// With a panic of what is the embedder's, when it is dropped, after everything is done.
    pub fn reset(&mut self, face: Box<dyn Any + Send>) -> Result<(), Error> {
        if self.activations.len() > 0 {
            return Err(Error::usage("a store was reset while it runs"));
        }
        let mut ctx = self.ctx;
        // SAFETY: the context is ours, and no compiled code runs.
        let ctx = unsafe { ctx.as_mut() };
        // The only step that can fail.
        self.heap.reset(ctx).map_err(heap_error)?;
        self.registry.reset(ctx);
        // SAFETY: nothing runs, the heap and the registry have nothing left, and the number
        // by which handles are known is given up below.
        let panic = unsafe { self.free_contents() };
        self.spare_memories();
        let Self {
            id,
            // What a new store is made with as well.
            engine,
            ctx: _,
            heap: _,
            registry: _,
            heap_bound: _,
            stack_bound: _,
            shares: _,
            data: _,
            // Made empty above.
            instances: _,
            host_funcs: _,
            globals: _,
            memories: _,
            spare_memories: _,
            tags: _,
            activations: _,
            // What referred to those.
            tail_callers,
            code,
            new_segments,
            linked,
            clone_funcs,
            tables,
            handles,
            host_values,
            weak,
            followed,
            layouts,
            operands,
            host_func,
            pending,
            watchers,
            phase_watchers,
            limiter,
            heap_asked,
            heap_refused_by,
            policy,
            interruption,
            types,
            signatures,
            suspended_types,
            collections,
            minor_collections,
            zeal_moments,
            moving,
            face: old_face,
        } = self;
        *id = StoreId::next();
        *tail_callers = RefCell::default();
        *code = StoreCode::default();
        new_segments.clear();
        linked.clear();
        clone_funcs.clear();
        tables.clear();
        *handles = Handles::default();
        *host_values = HostValues::default();
        *weak = WeakTables::default();
        *followed = None;
        layouts.clear();
        operands.clear();
        *host_func = ptr::null();
        *pending = None;
        *watchers = Watchers::default();
        *phase_watchers = PhaseWatchers::default();
        *limiter = None;
        *heap_asked = None;
        *heap_refused_by = None;
        *policy = Policy::default();
        *interruption = deadlines(engine, ctx);
        signatures.clear();
        suspended_types.clear();
        *types = KeptTypes::new(engine.engine_types());
        *collections = 0;
        *minor_collections = 0;
        *zeal_moments = Moments::new(engine.settings().zeal);
        *moving = Moving::default();
        *old_face = face;
        self.close_window();
        match panic {
            Some(panic) => resume_unwind(panic),
            None => Ok(()),
        }
    }

    /// Keeps what of the memories can be used again. Under strict overcommit what is
    /// writable counts as used, and where address space is bounded others may want it: then
    /// nothing is kept.
    fn spare_memories(&mut self) {
        let plan = self.engine.plan();
        let keep = !plan.strict_commit && plan.addresses.left().is_none();
        for memory in self.memories.drain(..) {
            if keep && self.spare_memories.len() < MOST_SPARE {
                // SAFETY: its instances are gone, and handles of it are refused.
                self.spare_memories.extend(unsafe { memory.recycle() });
            }
        }
    }
}
