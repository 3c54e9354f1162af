//! The continuation record, as compiled code and the switch stubs see it.
//!
//! A record stands for one stack. It lives in a slab owned by the store's
//! registry and its memory is never used for anything else, so a stale
//! reference can always be compared with the record's revision.
//!
//! ```text
//!  running chain:   host ◀─parent─ A ◀─parent─ B (current)
//!  suspended as one:  C ◀─parent─ D     reference = (D, revision of D), D.outermost = C, C.parent = null
//!  two activations:    host ◀─parent─ A ◀─interrupted─ host ◀─parent─ E (current)     A called the host
//! ```
//!
//! Next on the road of a `resume`: `crates/compile/src/func/mod.rs`.

use crate::context::{FuncRef, InstanceContext, TagDef};
use crate::index::{RecordId, WasmOffset};
use core::ptr;

/// Where a record stands in its life. Only what cannot be derived is stored:
/// `Live` covers fresh, running, parent and suspended, which the chain and the
/// saved context tell apart (`mangrove-continuation` does so), and switching
/// writes no state word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum RecordState {
    /// Returned, thrown out, trapped, collected, or never used: in a free list.
    Gone = 0,
    /// Fresh, running, parent of a running one, or suspended.
    Live = 1,
    /// Stands for the host at the bottom of an activation's chain.
    Host = 2,
}

/// One continuation.
///
/// What switching, walking and marking look at fills the first of its two cache
/// lines: a collection of a million continuations reads no other.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct ContRecord {
    /// Saved stack pointer: the resume pc is the word it points to. Valid
    /// whenever the stack is not running Wasm: fresh, suspended, a parent, or
    /// calling the host.
    pub sp: u64,
    /// Saved frame pointer. 0 exactly when the continuation is fresh.
    pub fp: u64,
    /// Bumped each time a reference to this record is consumed. Never restarts.
    pub revision: u64,
    /// Who resumed this continuation. Null when it is fresh, and for the outermost
    /// record of a suspended chain.
    pub parent: *mut ContRecord,
    /// The handlers that the `resume` this record is executing installs for
    /// its children. Meaningful only while it is a parent.
    pub handlers: *const HandlerTable,
    /// Of the innermost record of a suspended chain: the chain's outermost record,
    /// whose `parent` a `resume` links. Of any other record: an ancestor up to which
    /// `passed` holds, or the record itself. Of a host record: nothing.
    pub outermost: *mut ContRecord,
    /// One of [`RecordState`].
    pub state: u32,
    /// The collector's mark: the number of the last marking that found it live;
    /// 0 if none has yet. `cont.new` writes this and `state` as one word.
    pub mark: u32,
    /// What must be seen to before this runs; 0 if nothing. [`ContRecord::CLEAN`], and
    /// below it how many arguments are bound, which the registry keeps.
    pub unready: u32,
    /// Number of this record in its registry, for people.
    pub id: RecordId,
    /// The function this continuation was made from.
    pub func: *const FuncRef,
    /// Next record of the free list this one is in.
    pub next_free: *mut ContRecord,
    /// One past the highest usable byte of the stack; a multiple of 16.
    pub stack_top: u64,
    /// Lowest usable byte of the stack, just above its guard.
    pub stack_limit: u64,
    /// Instance that executed the `cont.new`; null when the host did. With
    /// [`ContRecord::FOLLOWED`] in one with a serial number, and
    /// [`ContRecord::CLONE`] in a clone, of which these two say where the first was made:
    /// see [`ContRecord::made_by`].
    pub creator: *const InstanceContext,
    /// That `cont.new`; none when the host did.
    pub created_at: Option<WasmOffset>,
    /// The first collection that found this continuation, its number modulo
    /// 2^32; unspecified while `mark` is 0.
    pub first_seen: u32,
    /// Memo of searches for a handler: no table from `parent` up to `outermost` has an
    /// entry whose bit ([`TagDef::bits`]) is missing here. Means nothing where
    /// `outermost` is the record itself.
    pub passed: u64,
    /// Of a host record: the record that ran when the host entered Wasm, and had called
    /// the host; null in the outermost activation. Of a clone: the record it was cloned
    /// from, which may be another continuation's by now. Of any other record: nothing.
    pub interrupted: *mut ContRecord,
}

const _: () = {
    use core::mem::offset_of;
    let pair = offset_of!(ContRecord, state);
    assert!(pair.is_multiple_of(8) && offset_of!(ContRecord, mark) == pair + 4);
    assert!(size_of::<ContRecord>() == 128);
    let bits = ContRecord::CLONE | ContRecord::FOLLOWED;
    assert!(align_of::<InstanceContext>() > bits);
};

impl ContRecord {
    /// Set in `unready` of a record without an entry in the log ([`crate::log`]): its
    /// stack and its bound arguments hold no young reference, and a minor collection
    /// looks at neither. Whoever makes a record the current one logs it and takes
    /// this away.
    pub const CLEAN: u32 = 1 << 31;

    /// Set in `creator` of a clone. Whoever makes a continuation writes that word, so a
    /// record that is used again is no clone.
    pub const CLONE: usize = 1;

    /// Set in `creator` of a continuation that was given a serial number, by who looks more
    /// than once. Like [`ContRecord::CLONE`], it goes when the record is used again.
    pub const FOLLOWED: usize = 2;

    /// The instance that executed the `cont.new`, of a clone the first one's; null when
    /// the host did.
    pub fn made_by(&self) -> *const InstanceContext {
        let bits = Self::CLONE | Self::FOLLOWED;
        self.creator.map_addr(|address| address & !bits)
    }

    /// Whether it was given a serial number.
    pub fn is_followed(&self) -> bool {
        self.creator.addr() & Self::FOLLOWED != 0
    }

    /// Notes whether it was given one.
    pub fn set_followed(&mut self, followed: bool) {
        self.creator = self.creator.map_addr(|address| match followed {
            true => address | Self::FOLLOWED,
            false => address & !Self::FOLLOWED,
        });
    }

    /// The record that this one was cloned from; none if it is no clone.
    ///
    /// # Examples
    /// ```
    /// use mangrove_abi::{ContRecord, RecordId, RecordState};
    ///
    /// let mut first = ContRecord::new(RecordId::new(0), RecordState::Live);
    /// let mut clone = ContRecord::new(RecordId::new(1), RecordState::Live);
    /// clone.creator = first.creator.map_addr(|address| address | ContRecord::CLONE);
    /// clone.interrupted = &raw mut first;
    /// assert_eq!(clone.cloned_from(), Some(&raw mut first));
    /// assert!(first.cloned_from().is_none() && clone.made_by().is_null());
    /// ```
    pub fn cloned_from(&self) -> Option<*mut ContRecord> {
        (self.creator.addr() & Self::CLONE != 0).then_some(self.interrupted)
    }

    /// How many arguments are bound.
    pub const fn bound_count(&self) -> u32 {
        self.unready & !Self::CLEAN
    }

    /// A record without a stack.
    pub const fn new(id: RecordId, state: RecordState) -> Self {
        Self {
            sp: 0,
            fp: 0,
            revision: 0,
            parent: ptr::null_mut(),
            handlers: ptr::null(),
            outermost: ptr::null_mut(),
            func: ptr::null(),
            state: state as u32,
            mark: 0,
            next_free: ptr::null_mut(),
            stack_top: 0,
            stack_limit: 0,
            creator: ptr::null(),
            created_at: None,
            first_seen: 0,
            unready: Self::CLEAN,
            id,
            passed: 0,
            interrupted: ptr::null_mut(),
        }
    }
}

/// Words a fresh stack starts with, from its top: a zero return address for
/// the entry trampoline, then the trampoline's own address.
///
/// ```text
///  stack_top      ────────────────
///  stack_top -  8   0              return address of the trampoline: the walk ends
///  stack_top - 16   FuncRef.entry  ◀ sp;  fp = 0
/// ```
pub const FRESH_WORDS: u64 = 2;

/// The handlers of one `resume`: a count, a summary, then that many tags, in order.
///
/// Tables of a module live in its instances' contexts, resolved to tags at
/// instantiation. An entry is the tag's address, with [`HandlerTable::SWITCH`]
/// set for an `(on $tag switch)` clause.
#[derive(Debug)]
#[repr(C)]
pub struct HandlerTable {
    /// How many entries follow.
    pub count: u64,
    /// The bits of the entries together.
    pub bits: u64,
    /// The first entry; null in an empty table, so that it can be compared
    /// without looking at the count.
    pub first: *const TagDef,
}

impl HandlerTable {
    /// A table without handlers.
    pub const EMPTY: Self = Self {
        count: 0,
        bits: 0,
        first: ptr::null(),
    };
    /// Set in an entry that handles `switch` and not `suspend`.
    pub const SWITCH: u64 = 8;

    /// The bit of an entry.
    ///
    /// # Safety
    /// It is one of a table's, so it leads to a tag.
    pub unsafe fn bit_of(entry: u64) -> u64 {
        let tag = ptr::with_exposed_provenance::<TagDef>((entry & !Self::SWITCH) as usize);
        // SAFETY: the caller's contract.
        let [suspend, switch] = unsafe { (*tag).bits };
        match entry & Self::SWITCH {
            0 => suspend,
            _ => switch,
        }
    }

    /// The bits of all entries, from the entries themselves.
    ///
    /// # Safety
    /// `table` is one, with as many entries as it says.
    pub unsafe fn bits_of_entries(table: *const Self) -> u64 {
        // SAFETY: the caller vouches for the table and the entries in it.
        unsafe {
            let first = (&raw const (*table).first).cast::<u64>();
            let bits =
                (0..(*table).count as usize).map(|index| Self::bit_of(first.add(index).read()));
            bits.fold(0, |all, bit| all | bit)
        }
    }
}

/// What travels in the reason register of a switch into a parent.
pub mod reason {
    /// The child returned; its results are in transit.
    pub const RETURNED: i64 = 0;
    /// Added to the index of the clause that handles a suspension.
    pub const HANDLED: i64 = 1;
    /// Only into a host record: a trap; the runtime holds the reason.
    pub const TRAPPED: i64 = -1;
}
