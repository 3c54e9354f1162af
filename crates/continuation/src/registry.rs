//! The registry: every record and stack of a store.
//!
//! ```text
//!                   ┌─ live ──────────── fresh, running, parents, suspended
//!   with a stack ───┼─ free list ─────── StoreContext.free_records: gone, stack kept
//!                   └─ idle ──────────── gone, for the next call from the host (Initial)
//!                   ┌─ host ──────────── one per activation
//!   without ────────┼─ parked ────────── fresh or suspended, frames in a buffer
//!                   └─ bare ──────────── gone
//! ```
//!
//! Compiled code pops the free list for `cont.new` and pushes what has
//! returned, without asking. So the limit on live continuations bounds those and
//! the records of the list together: when the list is empty, all of them are live.

use crate::bound::BoundArguments;
use crate::calls::CallRecords;
use crate::initial::Initial;
use crate::limits::{LimitError, RegistryConfig};
use crate::noted::{Following, Life};
use crate::parking_policy::Parking;
use crate::pressure::Pressure;
use crate::slab::Slab;
use crate::states::State;
use mangrove_abi::{ContRecord, Defect, RecordId, RecordState, Request, StoreContext, make_room};
use mangrove_stack::{ArenaConfig, Stack, StackArena, arch};
use std::collections::{HashMap, VecDeque};
use std::ptr;

/// Idle stacks that keep their memory without question. Twice as many, and the
/// next sweep gives the memory of the coldest back.
pub(crate) const IDLE_WATERMARK: usize = 16 << 10;

/// What happened so far, as far as the store's context does not count it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) entered: u64,
    pub(crate) thrown: u64,
    pub(crate) trapped: u64,
    pub(crate) collected: u64,
    /// How often one was parked, and got a stack again; and how many collections
    /// there were.
    pub(crate) parked: u64,
    pub(crate) unparked: u64,
    /// Of those created, clones.
    pub(crate) cloned: u64,
    pub(crate) collections: u64,
    /// Of the ends, initial continuations.
    pub(crate) initial_thrown: u64,
    pub(crate) initial_trapped: u64,
}

/// Every continuation record of a store, and their stacks.
///
/// The `ctx` that methods take is always the one context of the same store.
#[derive(Debug)]
pub struct Registry {
    pub(crate) slab: Slab,
    pub(crate) arena: StackArena,
    pub(crate) initial: Initial,
    max_continuations: usize,
    max_stack_bytes: u64,
    pub(crate) with_stack: usize,
    /// Host records in use for resumptions by the host. Those for calls are as many as
    /// initial continuations.
    pub(crate) resumptions: usize,
    /// Gone, without a stack.
    pub(crate) bare: Vec<*mut ContRecord>,
    /// The queue of marking, with room for all records: a collection needs no memory for it.
    pub(crate) queue: VecDeque<*mut ContRecord>,
    /// By record id; no entry where nothing is bound.
    pub(crate) bound: HashMap<RecordId, BoundArguments>,
    /// Number of the collection under way, or the last one.
    pub(crate) epoch: u32,
    /// How many continuations that collection has marked.
    pub(crate) marked: u64,
    pub(crate) counts: Counts,
    /// None: nobody may be parked.
    pub(crate) parking: Option<Parking>,
    pub(crate) pressure: Pressure,
    /// None: nobody looks more than once.
    pub(crate) following: Option<Following>,
    /// What has happened and was not told yet. None: nobody listens.
    pub(crate) lives: Option<Vec<Life>>,
}

impl Registry {
    /// A registry without records. Asks the kernel for nothing yet.
    pub fn new(config: RegistryConfig) -> Self {
        Self {
            slab: Slab::new(),
            initial: Initial::new(ArenaConfig {
                stack_size: config.initial_stack_size,
                max_stacks: config.max_initial_stacks,
                ..config.stacks.clone()
            }),
            arena: StackArena::new(config.stacks),
            max_continuations: config.max_continuations,
            max_stack_bytes: config.max_stack_bytes,
            with_stack: 0,
            resumptions: 0,
            bare: Vec::new(),
            queue: VecDeque::new(),
            bound: HashMap::new(),
            epoch: 0,
            marked: 0,
            counts: Counts::default(),
            parking: None,
            pressure: Pressure::default(),
            following: None,
            lives: None,
        }
    }

    /// A record with a stack, state `Gone`, in no list: the one released last,
    /// or a new one. It must become fresh before anything else is asked of the
    /// registry.
    ///
    /// # Errors
    /// As many continuations live as may, or the kernel gives no stack.
    pub fn take(&mut self, ctx: &mut StoreContext) -> Result<*mut ContRecord, LimitError> {
        if let Some(record) = self.pop_free(ctx) {
            return Ok(record);
        }
        if !ctx.has(Defect::LimitContinuations) || self.all() > self.max_continuations {
            self.check_count()?;
        }
        let stack = self.new_stack()?;
        let record = match self.stackless(RecordState::Gone) {
            Ok(record) => record,
            Err(error) => {
                // SAFETY: just allocated, and for nobody.
                unsafe { self.arena.release(stack) };
                return Err(error);
            }
        };
        // SAFETY: just allocated, for this record.
        unsafe { self.set_stack(record, stack) };
        self.has_stack(record);
        Ok(record)
    }

    /// Takes the record that was released last off the free list.
    pub(crate) fn pop_free(&self, ctx: &mut StoreContext) -> Option<*mut ContRecord> {
        if ctx.free_records.is_null() {
            return None;
        }
        let record = self.check(ctx.free_records);
        // SAFETY: a record of our slab, which only this thread uses.
        unsafe {
            ctx.free_records = (*record).next_free;
            (*record).next_free = ptr::null_mut();
        }
        Some(record)
    }

    /// Gives a record without a stack one.
    ///
    /// # Safety
    /// The stack is one of the arena for such records, and nobody else's.
    pub(crate) unsafe fn set_stack(&self, record: *mut ContRecord, stack: Stack) {
        let record = self.check(record);
        // SAFETY: a record of our slab, which only this thread uses, and by contract a
        // stack that nobody does.
        unsafe {
            (*record).stack_top = stack.top;
            (*record).stack_limit = stack.limit;
            // Compiled `cont.new` writes the entry trampoline only: the zero
            // above it, which nothing overwrites, is written here.
            arch::prepare(record, ptr::null());
        }
    }

    /// Whether one more continuation may live, if all there are do.
    #[inline]
    pub(crate) fn check_count(&self) -> Result<(), LimitError> {
        match self.all() < self.max_continuations {
            true => Ok(()),
            false => Err(LimitError::Continuations {
                limit: self.max_continuations,
            }),
        }
    }

    /// How many of these there may be.
    pub(crate) fn max_continuations(&self) -> usize {
        self.max_continuations
    }

    /// The live continuations and the free list's records, together.
    #[inline]
    pub(crate) fn all(&self) -> usize {
        self.with_stack + self.parked() + self.initial.in_use()
    }

    /// A stack more in use.
    pub(crate) fn new_stack(&mut self) -> Result<Stack, LimitError> {
        if self.with_stack >= self.max_with_stack() {
            return Err(LimitError::StackBytes {
                limit: self.max_stack_bytes,
                stacks: self.with_stack,
            });
        }
        self.arena.allocate().map_err(|source| LimitError::Stack {
            live: self.all(),
            source,
        })
    }

    /// How many stacks may be in use.
    pub(crate) fn max_with_stack(&self) -> usize {
        let stacks = self.max_stack_bytes / self.arena.stack_size() as u64;
        usize::try_from(stacks).unwrap_or(usize::MAX)
    }

    /// A record that stands for the host at the bottom of an activation's
    /// chain: no handlers, no parent.
    ///
    /// Its `func` is null: it makes a call. One that resumes a continuation of
    /// the program is given that one's, so that the two can be told apart.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn new_host_record(&mut self) -> Result<*mut ContRecord, LimitError> {
        let record = self.stackless(RecordState::Host)?;
        // SAFETY: a record of our slab, which only this thread uses.
        unsafe {
            (*record).func = ptr::null();
            (*record).parent = ptr::null_mut();
            (*record).next_free = ptr::null_mut();
        }
        self.resumptions += 1;
        Ok(record)
    }

    /// Takes a host record back when its activation is over, and with that of a call the
    /// initial continuation's, which is gone.
    ///
    /// # Panics
    /// If it is not a host record of this registry.
    pub fn release_host_record(&mut self, record: *mut ContRecord) {
        let host = self.check(record);
        // SAFETY: a record of our slab, which only this thread uses.
        unsafe {
            assert_eq!((*host).state, RecordState::Host as u32, "a host record");
            let initial = (*host).next_free;
            if !initial.is_null() {
                return self.give_back_call(CallRecords { host, initial });
            }
            (*host).state = RecordState::Gone as u32;
            (*host).interrupted = ptr::null_mut();
            (*host).handlers = ptr::null();
        }
        self.resumptions -= 1;
        self.bare.push(host);
    }

    /// Calls from the host under way.
    pub fn calls(&self) -> usize {
        self.initial.in_use()
    }

    /// Host records in use, which is one for each activation. A walk of the running
    /// chain that meets fewer has lost a part of it.
    pub fn activations(&self) -> usize {
        self.initial.in_use() + self.resumptions
    }

    /// Where the record stands.
    ///
    /// # Panics
    /// If it is none of this registry's.
    pub fn state_of(&self, ctx: &StoreContext, record: *const ContRecord) -> State {
        let record = self.check(record);
        // SAFETY: records of our slab; parents are records of the same store.
        unsafe {
            if (*record).state == RecordState::Gone as u32 {
                return State::Gone;
            }
            if (*record).state == RecordState::Host as u32 {
                return State::Host;
            }
            if ctx.current == record {
                return State::Running;
            }
            let mut top = record;
            while !(*top).parent.is_null() {
                top = (*top).parent;
            }
            match (*record).fp {
                _ if (*top).state == RecordState::Host as u32 => State::Parent,
                0 => State::Fresh,
                _ => State::Suspended,
            }
        }
    }

    /// All records that are not `Gone`, host records included.
    pub fn records(&self) -> impl Iterator<Item = *mut ContRecord> + '_ {
        // SAFETY: records of our slab.
        self.slab
            .iter()
            .filter(|&r| unsafe { (*r).state != RecordState::Gone as u32 })
    }

    /// Usable bytes of the stack in whose guard `addr` lies.
    pub fn exhausted(&self, addr: u64) -> Option<usize> {
        [&self.arena, &self.initial.arena]
            .into_iter()
            .find(|arena| arena.guard_contains(addr))
            .map(StackArena::stack_size)
    }

    /// The lowest usable byte of the stack in whose guard `addr` lies.
    pub fn guarded(&self, addr: u64) -> Option<u64> {
        let arenas = [&self.arena, &self.initial.arena];
        arenas.into_iter().find_map(|arena| arena.guarded(addr))
    }

    /// The live continuation on the stack that begins at `limit`: one of the
    /// running chain, as a rule, or else the slab is searched.
    pub fn on_stack(&self, ctx: &StoreContext, limit: u64) -> Option<*mut ContRecord> {
        // SAFETY: records of our slab, and parents of them.
        let is_it = |&record: &*mut ContRecord| unsafe {
            (*record).stack_limit == limit && (*record).state == RecordState::Live as u32
        };
        let parent = |record: &*mut ContRecord| {
            // SAFETY: as above.
            let parent = unsafe { (**record).parent };
            (!parent.is_null()).then_some(parent)
        };
        let current = (!ctx.current.is_null()).then_some(ctx.current);
        let mut chain = std::iter::successors(current, parent);
        chain.find(is_it).or_else(|| self.slab.iter().find(is_it))
    }

    /// Takes the stacks of all idle records off them, except for the
    /// `keep_idle` released last, and gives their memory back to the system.
    pub fn trim(&mut self, ctx: &mut StoreContext, keep_idle: usize) {
        let mut link = &raw mut ctx.free_records;
        // SAFETY: the free list links records of our slab; `link` is the list's
        // head or a field of one of them.
        unsafe {
            for _ in 0..keep_idle {
                if (*link).is_null() {
                    return;
                }
                link = &raw mut (**link).next_free;
            }
            while !(*link).is_null() {
                let record = *link;
                *link = (*record).next_free;
                let stack = self.strip(record);
                self.arena.release(stack);
            }
        }
        self.arena.trim(0);
    }

    /// How many continuations live, initial ones included.
    pub fn live(&self, ctx: &StoreContext) -> u64 {
        let Counts {
            entered,
            thrown,
            trapped,
            collected,
            ..
        } = self.counts;
        ctx.created + entered - ctx.returned - thrown - trapped - collected
    }

    /// A record without a stack: one that had another life, or a new one.
    pub(crate) fn stackless(&mut self, state: RecordState) -> Result<*mut ContRecord, LimitError> {
        if let Some(record) = self.bare.pop() {
            // SAFETY: a record of our slab, which only this thread uses.
            unsafe { (*record).state = state as u32 };
            return Ok(record);
        }
        let granted = !self.slab.is_full()
            || self.arena.grants(Request::Records) && self.make_lists(self.slab.next_capacity());
        granted
            .then(|| self.slab.push(state))
            .flatten()
            .ok_or_else(|| LimitError::Record { live: self.all() })
    }

    /// Makes room for so many records in all lists that may have each of them, so that nobody
    /// who adds one to a list needs memory: neither a collection, nor what gives a stack
    /// back. What is never used is address space only. Whether there is room.
    fn make_lists(&mut self, records: usize) -> bool {
        let requests = self.arena.requests();
        let stacked = self.parking.as_mut().is_none_or(|parking| {
            // One more is there when it is found to be too long.
            let most = Parking::stacked_at_most(records) + 1;
            let more = most.saturating_sub(parking.stacked.len());
            make_room(&mut parking.stacked, more, requests)
        });
        let bare = records - self.bare.len();
        stacked
            && make_room(&mut self.bare, bare, requests)
            && make_room(&mut self.queue, records, requests)
    }

    /// The record at an address that can only be one of ours.
    pub(crate) fn check(&self, record: *const ContRecord) -> *mut ContRecord {
        self.slab
            .get(self.slab.id_of(record).expect("a record of this registry"))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.free_parked();
    }
}
