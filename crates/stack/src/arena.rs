//! Where stacks come from: large reservations carved into slots.
//!
//! ```text
//!  reservation   mmap, no reserve: nothing is committed before it is touched
//!  ┌───────┬────────────────┬───────┬────────────────┬──
//!  │ guard │ usable … │colour│ guard │ usable … │colour│      low ─▶ high
//!  └───────┴────────────────┴───────┴────────────────┴──
//!          limit      top           limit    top
//! ```
//!
//! A stack grows down from `top`; running past `limit` hits the guard. Tops are
//! staggered by a few cache lines (the colour): page-aligned tops would put the
//! busy ends of all stacks into the same few cache sets.
//!
//! A slot once made stays until the arena is dropped. Released ones are handed
//! out again last in, first out, while their pages are hot; [`StackArena::trim`]
//! gives the memory of the coldest back.
//!
//! Two kinds of guard. A *lightweight* guard region (Linux 6.13) marks page table
//! entries and leaves the mapping whole. `mprotect` splits it: two mappings a
//! stack, of which the kernel allows `vm.max_map_count`.
//!
//! Under strict overcommit the kernel counts what is writable, touched or not.
//! There a slot is made writable when it is handed out (`commit`), and trimming
//! takes that back too.

mod commit;
mod error;
mod kernel;
#[cfg(test)]
mod tests;

pub use error::StackError;

use kernel::Kernel;
use mangrove_abi::{Request, Requests, make_room};
use rustix::io::Errno;

/// Bytes of unmapped memory below each stack. Code that makes larger frames
/// probes its stack at least this often.
pub const GUARD_SIZE: usize = 64 << 10;
/// Usable bytes of a continuation's stack unless configured otherwise. Of a stack
/// that uses one page, the page table is the larger part of the rest: a slot a
/// sixth of what one covers keeps a million of them below 5 KiB each.
pub const DEFAULT_STACK_SIZE: usize = 256 << 10;
/// Usable bytes of the stack that a call from the host begins on, likewise.
pub const DEFAULT_INITIAL_STACK_SIZE: usize = 1 << 20;

/// Bytes at the top of a stack that [`StackArena::shrink`] leaves as they are.
pub const KEPT: usize = 16 << 10;

/// What events of this crate are about.
const TRACE: &str = "mangrove::stack";

/// Tops are staggered by multiples of this.
const COLOUR: usize = 64;
/// How many different staggers there are. Half a page in all: a stack that uses
/// little should still touch a single page.
const COLOURS: usize = 32;
/// Slots of the first reservation; each further one has twice as many …
const FIRST_RESERVATION: usize = 64;
/// … up to this.
const LARGEST_RESERVATION: usize = 64 << 10;

/// How the memory below a stack is made inaccessible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GuardKind {
    /// Lightweight where the kernel can, else `mprotect`.
    #[default]
    Auto,
    /// Guard regions of Linux 6.13: cost no mapping.
    Lightweight,
    /// `mprotect`: works everywhere, up to `vm.max_map_count`.
    Mprotect,
}

/// What an arena is to be.
#[derive(Clone, Debug)]
pub struct ArenaConfig {
    /// Usable bytes of a stack, without its guard; rounded up to pages.
    pub stack_size: usize,
    /// How to guard stacks.
    pub guard: GuardKind,
    /// How many stacks there may be, idle ones included.
    pub max_stacks: usize,
    /// Whether the system counts memory as used once it is writable (strict
    /// overcommit). Stacks are then made writable one by one, and guards take no
    /// part of what is counted unless they are to be lightweight.
    pub strict_commit: bool,
    /// Who counts requests, and refuses some on purpose.
    pub requests: Requests,
}

impl Default for ArenaConfig {
    /// 256 KiB stacks, the best guard there is, 16 Mi stacks at most.
    fn default() -> Self {
        Self {
            stack_size: DEFAULT_STACK_SIZE,
            guard: GuardKind::Auto,
            max_stacks: 16 << 20,
            strict_commit: false,
            requests: Requests::default(),
        }
    }
}

/// One stack: a pair of addresses. The arena owns the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    /// One past the highest usable byte; a multiple of 16.
    pub top: u64,
    /// Lowest usable byte, just above the guard; a multiple of the page size.
    pub limit: u64,
}

/// What an arena holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArenaStats {
    /// Bytes of address space reserved.
    pub reserved: usize,
    /// Stacks made so far.
    pub stacks: usize,
    /// Of these, the ones nobody uses.
    pub idle: usize,
    /// Usable bytes of each stack.
    pub stack_size: usize,
    /// The kind of guard in use; `Auto` until the first stack has decided it.
    pub guard: GuardKind,
}

/// A contiguous run of slots.
#[derive(Debug)]
struct Reservation {
    base: usize,
    slots: usize,
    /// Slots handed out at least once: the first ones.
    used: usize,
}

/// Makes stacks and takes them back.
#[derive(Debug)]
pub struct StackArena {
    kernel: Kernel,
    page: usize,
    stack_size: usize,
    /// Bytes of a slot: guard, stack, colour.
    slot: Option<usize>,
    guard: GuardKind,
    max_stacks: usize,
    reservations: Vec<Reservation>,
    stacks: usize,
    /// Last in, first out.
    idle: Vec<Stack>,
    /// How many of `idle`, from the bottom, have had their memory given back.
    clean: usize,
}

impl StackArena {
    /// An arena without stacks. Asks the kernel for nothing yet.
    pub fn new(config: ArenaConfig) -> Self {
        let page = rustix::param::page_size();
        let stack_size = config.stack_size.max(1).checked_next_multiple_of(page);
        // A size whose slot exceeds the address space is refused by `allocate`.
        let slot = slot_size(config.stack_size);
        Self {
            kernel: Kernel {
                requests: config.requests,
                strict_commit: config.strict_commit,
            },
            page,
            stack_size: stack_size.unwrap_or(usize::MAX),
            slot,
            guard: config.guard,
            max_stacks: config.max_stacks,
            reservations: Vec::new(),
            stacks: 0,
            idle: Vec::new(),
            clean: 0,
        }
    }

    /// A stack: the one released last, or a new one. Its contents are unspecified.
    ///
    /// # Errors
    /// The configured limit is reached, or the kernel refuses. The arena stays usable.
    pub fn allocate(&mut self) -> Result<Stack, StackError> {
        if let Some(&stack) = self.idle.last() {
            if self.idle.len() == self.clean {
                self.recommit(stack)?;
            }
            self.idle.pop();
            self.clean = self.clean.min(self.idle.len());
            return Ok(stack);
        }
        if self.stacks >= self.max_stacks {
            return Err(StackError::Limit {
                limit: self.max_stacks,
            });
        }
        if self
            .reservations
            .last()
            .is_none_or(|last| last.used == last.slots)
        {
            self.reserve()?;
        }
        let slot = self.slot_size();
        let last = self.reservations.last().expect("made above");
        let base = last.base + last.used * slot;
        self.open(base)?;
        let colour = self.stacks % COLOURS * COLOUR;
        self.stacks += 1;
        tracing::trace!(target: TRACE, number = self.stacks, size = self.stack_size, "made");
        self.reservations.last_mut().expect("made above").used += 1;
        Ok(Stack {
            top: (base + slot - colour) as u64,
            limit: (base + GUARD_SIZE) as u64,
        })
    }

    /// Takes back a stack that came from [`StackArena::allocate`].
    ///
    /// # Panics
    /// If it is no stack of this arena.
    ///
    /// # Safety
    /// Nothing on it is needed any more, by whoever has a copy of the two addresses:
    /// it will be handed out again.
    pub unsafe fn release(&mut self, stack: Stack) {
        assert!(self.owns(stack), "{stack:x?} is not of this arena");
        debug_assert!(self.idle.len() < self.stacks, "more releases than stacks");
        self.idle.push(stack);
    }

    /// Whether `addr` lies in the guard of one of this arena's stacks. Safe in a
    /// signal handler.
    pub fn guard_contains(&self, addr: u64) -> bool {
        self.guarded(addr).is_some()
    }

    /// The lowest usable byte of the stack in whose guard `addr` lies. Looks at
    /// each reservation once, of which there are few; safe in a signal handler.
    pub fn guarded(&self, addr: u64) -> Option<u64> {
        let addr = addr as usize;
        self.reservations.iter().find_map(|reservation| {
            let slot = self.slot_size();
            let offset = addr.wrapping_sub(reservation.base);
            let hit = offset < reservation.used * slot && offset % slot < GUARD_SIZE;
            hit.then(|| (addr - offset % slot + GUARD_SIZE) as u64)
        })
    }

    /// Gives the memory of idle stacks back to the system, except for the
    /// `keep_idle` released last. They stay allocated and guarded.
    ///
    /// Slots side by side are one request: with many stacks it is the requests
    /// that take the time.
    pub fn trim(&mut self, keep_idle: usize) {
        let end = self.idle.len().saturating_sub(keep_idle).max(self.clean);
        if end == self.clean {
            return;
        }
        let slot = self.slot_size() as u64;
        let cold = &mut self.idle[self.clean..end];
        cold.sort_unstable_by_key(|stack| stack.limit);
        for run in cold.chunk_by(|one, next| one.limit + slot == next.limit) {
            let (limit, _) = usable(&run[0], self.page);
            let (last, len) = usable(&run[run.len() - 1], self.page);
            // SAFETY: the range is slots of ours whose stacks are idle: nobody
            // minds if they read as zero. Guards between them stay guards, or
            // become inaccessible like the rest, which `recommit` undoes.
            if let Err(error) = unsafe { self.kernel.give_back(limit, last + len - limit) } {
                // Costs memory, nothing else; the next trim tries again.
                tracing::warn!(target: TRACE, %error, "cannot give back the memory of stacks");
                return;
            }
            self.clean += run.len();
            tracing::debug!(target: TRACE, stacks = run.len(), "memory given back");
        }
    }

    /// Gives the memory of a stack back to the system that lies more than
    /// `KEPT` bytes below its top, if there is any.
    ///
    /// # Safety
    /// The stack is one of this arena's, and nobody needs what is there.
    pub unsafe fn shrink(&mut self, stack: Stack) {
        let limit = stack.limit as usize;
        let end = (stack.top as usize).next_multiple_of(self.page);
        let len = end.saturating_sub(KEPT + limit);
        let mut pages = vec![0; len / self.page];
        if len == 0 || kernel::resident(limit, len, &mut pages) == 0 {
            return;
        }
        // SAFETY: by contract; the range ends below the stack's top.
        if let Err(error) = unsafe { self.kernel.discard(limit, len) } {
            tracing::warn!(target: TRACE, %error, "cannot give back the deep end of a stack");
        }
    }

    /// Usable bytes of each stack.
    pub fn stack_size(&self) -> usize {
        self.stack_size
    }

    /// Bytes that fit on any of this arena's stacks, whatever its colour: those
    /// of one may have a little more.
    pub fn capacity(&self) -> u64 {
        let slot = self.slot.unwrap_or(0);
        slot.saturating_sub(GUARD_SIZE + COLOUR * (COLOURS - 1)) as u64
    }

    /// What the arena holds.
    pub fn stats(&self) -> ArenaStats {
        ArenaStats {
            reserved: self
                .reservations
                .iter()
                .map(|r| r.slots * self.slot_size())
                .sum(),
            stacks: self.stacks,
            idle: self.idle.len(),
            stack_size: self.stack_size,
            guard: self.guard,
        }
    }

    /// Bytes of memory behind all stacks, idle ones included, guards and page
    /// tables not: asks the kernel about the pages of each stack (`mincore`), a
    /// few hundred nanoseconds each. Exact, but for pages it has swapped out.
    pub fn resident(&self) -> usize {
        let mut pages = vec![0; self.slot.unwrap_or(0) / self.page];
        let slots = self.reservations.iter().flat_map(|reservation| {
            let slot = self.slot_size();
            (0..reservation.used).map(move |index| reservation.base + index * slot)
        });
        let resident = |base: usize| {
            let len = self.slot_size() - GUARD_SIZE;
            let pages = &mut pages[..len / self.page];
            kernel::resident(base + GUARD_SIZE, len, pages)
        };
        slots.map(resident).sum::<usize>() * self.page
    }

    /// Counts a request that is made for the arena's owner. Whether it is to be
    /// made, or to be taken for refused.
    pub fn grants(&self, request: Request) -> bool {
        self.kernel.requests.grants(request)
    }

    /// Who counts its requests.
    pub fn requests(&self) -> &Requests {
        &self.kernel.requests
    }

    /// Bytes of a slot. Only asked once there is a reservation.
    fn slot_size(&self) -> usize {
        self.slot.expect("a reservation was made of slots")
    }

    /// Whether the stack is a slot of this arena that was handed out.
    fn owns(&self, stack: Stack) -> bool {
        self.reservations.iter().any(|reservation| {
            let slot = self.slot_size();
            let offset = (stack.limit as usize).wrapping_sub(reservation.base);
            let size = stack.top.wrapping_sub(stack.limit) as usize;
            offset < reservation.used * slot
                && offset % slot == GUARD_SIZE
                && (self.stack_size..=slot - GUARD_SIZE).contains(&size)
        })
    }

    /// Adds a reservation: as many slots as is due, or as many as there is room for.
    fn reserve(&mut self) -> Result<(), StackError> {
        let too_large = || StackError::Reserve {
            bytes: usize::MAX,
            source: Errno::NOMEM.into(),
        };
        let slot = self.slot.ok_or_else(too_large)?;
        let due = self
            .reservations
            .last()
            .map_or(FIRST_RESERVATION, |last| last.slots * 2);
        let mut slots = due
            .min(LARGEST_RESERVATION)
            .min(self.max_stacks - self.stacks);
        // Whoever gives a stack back must find room for it.
        let reserved: usize = self.reservations.iter().map(|one| one.slots).sum();
        loop {
            let bytes = slots.saturating_mul(slot);
            let more = reserved + slots - self.idle.len();
            let room = make_room(&mut self.idle, more, &self.kernel.requests);
            let base = match room {
                true => self.kernel.reserve(bytes),
                false => Err(Errno::NOMEM),
            };
            match base {
                Ok(base) => {
                    tracing::debug!(target: TRACE, slots, bytes, "reserved");
                    self.reservations.push(Reservation {
                        base,
                        slots,
                        used: 0,
                    });
                    return Ok(());
                }
                Err(Errno::NOMEM) if slots > 1 => slots /= 2,
                Err(error) => {
                    return Err(StackError::Reserve {
                        bytes,
                        source: error.into(),
                    });
                }
            }
        }
    }
}

/// Bytes of address space that a stack of this size takes: guard, stack, colour.
/// None if that exceeds all there is.
///
/// # Examples
/// ```
/// let slot = mangrove_stack::slot_size(256 << 10).unwrap();
/// assert!(slot > (256 << 10) + mangrove_stack::GUARD_SIZE);
/// assert_eq!(mangrove_stack::slot_size(usize::MAX), None);
/// ```
pub fn slot_size(stack_size: usize) -> Option<usize> {
    let page = rustix::param::page_size();
    let usable = stack_size
        .max(1)
        .checked_next_multiple_of(page)?
        .checked_add(COLOUR * COLOURS)?
        .checked_next_multiple_of(page)?;
    usable.checked_add(GUARD_SIZE)
}

/// First byte and length of what a stack may use, in whole pages.
fn usable(stack: &Stack, page: usize) -> (usize, usize) {
    let limit = stack.limit as usize;
    (limit, (stack.top as usize).next_multiple_of(page) - limit)
}

impl Drop for StackArena {
    fn drop(&mut self) {
        for reservation in std::mem::take(&mut self.reservations) {
            let bytes = reservation.slots * self.slot_size();
            // SAFETY: we mapped exactly this range, and whoever used a stack in
            // it did so as long as this arena, its owner, was there.
            if let Err(error) = unsafe { self.kernel.unmap(reservation.base, bytes) } {
                tracing::error!(target: TRACE, %error, bytes, "cannot unmap stacks");
            }
        }
    }
}
