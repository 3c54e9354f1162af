//! What the registry says about itself.

use crate::registry::Registry;
use crate::slab::is_initial;
use crate::states::State;
use mangrove_abi::Requests;
use mangrove_abi::{ContRecord, RecordId, RecordState, StoreContext};
use mangrove_stack::{GuardKind, is_parked};

/// How continuations ended, counted since the store was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Ends {
    /// Their functions returned.
    pub returned: u64,
    /// An exception left them.
    pub thrown: u64,
    /// A trap ended their activation.
    pub trapped: u64,
    /// Suspended or fresh, and unreachable.
    pub collected: u64,
}

/// Continuations of a store: how many there are, were, and what they take.
///
/// The program's own are counted apart from the initial continuation of each
/// call from the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct RegistryReport {
    /// Made by the program so far.
    pub created: u64,
    /// Of these, clones: each record of a chain that was cloned counts.
    pub cloned: u64,
    /// Of these, the ones that have ended.
    pub ended: Ends,
    /// Of these, the ones that live.
    pub live: u64,
    /// Calls from the host so far.
    pub calls: u64,
    /// How the initial continuations of these calls ended; none is collected.
    pub calls_ended: Ends,
    /// Live continuations that never ran. This and the next three count
    /// initial ones too.
    pub fresh: u64,
    /// The one that runs, if any does.
    pub running: u64,
    /// Those waiting for another one or for the host.
    pub parents: u64,
    /// Those that wait to be resumed.
    pub suspended: u64,
    /// Of the fresh and the suspended, those without a stack.
    pub parked: u64,
    /// Activations: calls from the host under way.
    pub activations: u64,
    /// How often a continuation was parked, clones that began so included.
    pub parks: u64,
    /// How often one got a stack again.
    pub unparks: u64,
    /// Collections so far.
    pub collections: u64,
    /// Records ready for use with a stack.
    pub idle: u64,
    /// Stacks in the pool: without a record, ready for use.
    pub pool: u64,
    /// How the stacks are guarded.
    #[serde(serialize_with = "guard_name")]
    pub guard: GuardKind,
    /// Usable bytes of each continuation's stack.
    pub stack_size: u64,
    /// Usable bytes of the stack that a call from the host begins on.
    pub initial_stack_size: u64,
    /// Bytes in use on the stacks that do not run.
    pub stack_bytes: u64,
    /// Bytes in use on the fullest of them, or in the largest parked one.
    pub deepest_stack: u64,
    /// Bytes that the frames of parked ones take.
    pub parked_bytes: u64,
    /// Bytes of address space reserved for stacks; most of it is not memory.
    pub reserved_bytes: u64,
    /// Bytes of all stacks ever made, guards not counted: what may become
    /// memory without a further request to the kernel.
    pub committed_bytes: u64,
    /// Bytes the records take.
    pub record_bytes: u64,
    /// Bytes of one record.
    pub record_size: u64,
    /// Arguments bound.
    pub bound_arguments: u64,
}

impl Registry {
    /// Counts everything. Looks at each record a few times.
    pub fn report(&self, ctx: &StoreContext) -> RegistryReport {
        let (stacks, initial) = (self.arena.stats(), self.initial.arena.stats());
        let mut report = RegistryReport {
            calls: self.counts.entered,
            created: ctx.created,
            cloned: self.counts.cloned,
            stack_size: stacks.stack_size as u64,
            initial_stack_size: initial.stack_size as u64,
            reserved_bytes: (stacks.reserved + initial.reserved) as u64,
            record_bytes: self.slab.bytes() as u64,
            bound_arguments: self.bound.values().map(|b| b.values().len() as u64).sum(),
            parks: self.counts.parked,
            unparks: self.counts.unparked,
            collections: self.counts.collections,
            idle: self.all() as u64 - self.live(ctx),
            pool: stacks.idle as u64,
            guard: stacks.guard,
            committed_bytes: (stacks.stacks * stacks.stack_size
                + initial.stacks * initial.stack_size) as u64,
            record_size: size_of::<ContRecord>() as u64,
            ..RegistryReport::default()
        };
        let mut initial_live = 0;
        for (record, state) in self.states(ctx) {
            // SAFETY: records of our slab, which only this thread uses.
            let (used, initial, parked) = unsafe {
                let used = (*record).stack_top.saturating_sub((*record).sp);
                (used, is_initial(record), is_parked(record))
            };
            let (count, used) = match state {
                State::Fresh => (&mut report.fresh, used),
                State::Running => (&mut report.running, 0),
                State::Parent => (&mut report.parents, used),
                State::Suspended => (&mut report.suspended, used),
                State::Host => (&mut report.activations, 0),
                State::Gone => continue,
            };
            *count += 1;
            report.deepest_stack = report.deepest_stack.max(used);
            if parked {
                report.parked += 1;
                report.parked_bytes += used;
            } else {
                report.stack_bytes += used;
            }
            initial_live += u64::from(initial);
        }
        let counts = &self.counts;
        let (thrown, trapped) = (counts.initial_thrown, counts.initial_trapped);
        let returned = counts.entered - initial_live - thrown - trapped;
        report.calls_ended = Ends {
            returned,
            thrown,
            trapped,
            collected: 0,
        };
        report.ended = Ends {
            returned: ctx.returned - returned,
            thrown: counts.thrown - thrown,
            trapped: counts.trapped - trapped,
            collected: counts.collected,
        };
        report.live = self.live(ctx) - initial_live;
        report
    }

    /// Bytes of memory behind the stacks: see [`mangrove_stack::StackArena::resident`].
    pub fn resident_bytes(&self) -> u64 {
        (self.arena.resident() + self.initial.arena.resident()) as u64
    }

    /// How many requests of a kind were made to the system so far.
    pub fn requests(&self) -> &Requests {
        self.arena.requests()
    }

    /// Collections that have found the continuation live so far.
    ///
    /// # Panics
    /// If the record is none of this registry's.
    pub fn age(&self, record: *const ContRecord) -> u32 {
        // SAFETY: a record of our slab, which only this thread uses.
        let (mark, first) = unsafe {
            let record = self.check(record);
            ((*record).mark, (*record).first_seen)
        };
        match mark {
            0 => 0,
            _ => (self.counts.collections as u32)
                .wrapping_add(1)
                .wrapping_sub(first),
        }
    }

    /// All records with their states, each found in constant time.
    pub fn states<'a>(
        &'a self,
        ctx: &'a StoreContext,
    ) -> impl Iterator<Item = (*mut ContRecord, State)> + 'a {
        let active = self.active(ctx);
        self.slab.iter().zip(active).map(move |(record, active)| {
            // SAFETY: a record of our slab, which only this thread uses.
            let (stored, fp) = unsafe { ((*record).state, (*record).fp) };
            let state = match (stored, fp) {
                (stored, _) if stored == RecordState::Gone as u32 => State::Gone,
                (stored, _) if stored == RecordState::Host as u32 => State::Host,
                _ if record == ctx.current => State::Running,
                _ if active => State::Parent,
                (_, 0) => State::Fresh,
                _ => State::Suspended,
            };
            (record, state)
        })
    }

    /// For each record, by id: whether it is on the running chain, of this
    /// activation or one around it.
    pub(crate) fn active(&self, ctx: &StoreContext) -> Vec<bool> {
        let mut active = vec![false; self.slab.len() as usize];
        self.note_active(ctx, &mut active);
        active
    }

    /// Notes these in a list with a place for each record.
    pub(crate) fn note_active(&self, ctx: &StoreContext, active: &mut [bool]) {
        self.active_ids(ctx)
            .for_each(|id| active[id.index()] = true);
    }

    /// The ids of these records, from the current one out to the outermost host
    /// record. More than there are records would be a cycle, which is a fault: it
    /// must not hang a report.
    pub(crate) fn active_ids(&self, ctx: &StoreContext) -> impl Iterator<Item = RecordId> {
        let mut at = ctx.current;
        let next = move || {
            let id = self.slab.id_of(at)?;
            // SAFETY: a record of our slab, which only this thread uses.
            let record = unsafe { &*at };
            at = match record.state == RecordState::Host as u32 {
                true => record.interrupted,
                false => record.parent,
            };
            Some(id)
        };
        std::iter::from_fn(next).take(self.slab.len() as usize)
    }
}

fn guard_name<S: serde::Serializer>(guard: &GuardKind, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(match guard {
        GuardKind::Auto => "undecided",
        GuardKind::Lightweight => "lightweight",
        GuardKind::Mprotect => "mprotect",
    })
}
