//! Defects that tests plant in the engine, to show that they would be found.
//!
//! They are behind the Cargo feature `planted-defects`, which tests alone turn on: without it
//! [`Defect::is_in`] is false, and the code for them is not there.
//!
//! What collections rely on is noted in one place for each kind of store and each way
//! of waking ([`crate::log`]), and looked at in one place. Each of them has a defect here
//! that makes it fail. A store's context says which is planted; code compiled with one is
//! never written to a file. Every test for one stands where something is noted or
//! collected, behind the frequent cases.

/// A defect of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Defect {
    /// It overlooks the frames of suspended continuations.
    SkipSuspended,
    /// It overlooks this slot, counted per call site from 0, in each of them.
    DropSlot(usize),
    /// It overlooks this continuation reference, counted from 0, in each object.
    DropHeld(u32),
    /// It keeps continuations that nothing refers to: rings of them and objects too.
    KeepUnreached,
    /// It follows continuations in objects, and those in objects that these hold no more.
    OneRound,
    /// Minor collections overlook the stacks that ran,
    SkipAwake,
    /// all but the innermost frame of each,
    SkipCallers,
    /// what is bound to continuations,
    SkipBound,
    /// the objects of the log,
    DropObjects,
    /// the cards of large arrays,
    DropCards,
    /// the globals of the log,
    DropGlobals,
    /// the cards of tables,
    DropTableCards,
    /// large objects that are new,
    SkipBorn,
    /// handles that are new,
    SkipHandles,
    /// those of scopes,
    SkipScopes,
    /// weak references to what is young, which do not follow it then,
    SkipWeak,
    /// or element segments that are new.
    SkipSegments,
    /// Survivors are not watched: what is stored into them is noted no more.
    Unwatched,
    /// Compiled code takes the last part of the young space for old.
    YoungShort,
    /// The card beside the one of a table's element is set.
    CardBeside,
    /// Full collections overlook the last element of each table,
    SkipLastElement,
    /// handles of the host,
    SkipAllHandles,
    /// chains of calls that are interrupted by further ones,
    SkipInterrupted,
    /// arguments bound to continuations that are suspended,
    SkipBoundSuspended,
    /// the last reference field of each struct,
    SkipField,
    /// the last element of each array of references,
    SkipElement,
    /// or the payloads of exceptions.
    SkipPayload,
    /// A continuation that is reached through another in its chain is not marked.
    SkipChain,
    /// Weak handles are not emptied when their objects die.
    KeepWeak,
    /// What was watched is told of twice.
    TellTwice,
    /// The values of the host that young objects stand for are dropped by any collection.
    DropValues,

    /// Maps of compiled code: calls with a catch block around them lack their last slot,
    MapWithoutCaught,
    /// of two slots, the second is said to be where the first is,
    MapSlotTwice,
    /// a call with nothing in its frame has the map of the call before it,
    MapOfNeighbour,
    /// a call with several slots has none,
    MapEmpty,
    /// a call with several slots is not listed,
    MapMissing,
    /// or values that arrive from another stack are no roots,
    MapWithoutPayload,
    /// or those of exceptions that are caught.
    MapWithoutException,
    /// Instances after the first have another address for the heap.
    StaleHeapBase,
    /// A tag can be imported with another type.
    TagOfAnyType,

    /// A reference that is used up is not made stale.
    KeepRevision,
    /// The first two clauses of a `resume` are taken for each other.
    SwapClauses,
    /// Who is found by a search keeps what it remembers.
    KeepMemory,
    /// The chain of who suspends is not cut off,
    Uncut,
    /// nor that of who is suspended by the host.
    UncutByHost,
    /// A chain is linked at its inner end.
    LinkInnermost,
    /// A `resume` without clauses leaves those that were installed before.
    KeepHandlers,
    /// Values that do not fit a register arrive in each other's places.
    SwapTransferred,
    /// Functions that switch do not touch their stacks first.
    Untouched,
    /// A frame that grew for a tail call is not told from others when it faults.
    GrowthMissed,

    /// Bound arguments are put before those that were bound earlier,
    BindBefore,
    /// lose the upper half of what is wider than a register,
    BindHalf,
    /// stay when the continuation is thrown into,
    KeepBound,
    /// or are not cloned with it.
    CloneUnbound,
    /// A clone has its first one's parents for its own,
    CloneShallow,
    /// or no handlers.
    CloneUnhandled,
    /// A parked stack goes back to a stack without its frame pointers shifted,
    UnparkUnshifted,
    /// without its lowest word,
    UnparkShort,
    /// or is still counted as parked.
    UnparkUncounted,
    /// With those that an exception leaves ends the one that catches it.
    EndCatcher,
    /// Of a chain that ends, only the innermost one does.
    EndInnermost,
    /// What a trap has ended is not counted.
    EndUncounted,

    /// Exceptions are not caught in the innermost frame of a stack,
    CatchOutside,
    /// or by any clause, whatever its tag.
    CatchAny,
    /// One continuation more may live than the limit says,
    LimitContinuations,
    /// one more may be on a chain,
    LimitNesting,
    /// or one more element in a table.
    LimitTable,
    /// `table.copy` onto a later part of the same table overwrites what it has yet to read.
    CopyForward,
    /// A store of this kind is not noted.
    Unnoted(Noted),
    /// A record that wakes so is not logged.
    Unwoken(Waking),
}

impl Defect {
    /// Whether this is the one that is planted; never without the feature.
    #[inline(always)]
    pub fn is_in(self, planted: Option<Self>) -> bool {
        cfg!(feature = "planted-defects") && planted == Some(self)
    }
}

/// Where references are written that are noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Noted {
    /// Compiled code: a field of a struct,
    Field,
    /// an element of an array without cards,
    Element,
    /// or with cards,
    Card,
    /// elements by `array.fill`,
    Elements,
    /// a global,
    Global,
    /// an element of a table.
    TableElement,
    /// The runtime: an element of an array,
    Assigned,
    /// elements by `array.copy`,
    Copied,
    /// a global,
    AssignedGlobal,
    /// elements of a table,
    TableWritten,
    /// or by `table.copy`.
    TableCopied,
}

/// How a record comes to be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Waking {
    /// Compiled code resumes it, or switches to it.
    Resumed,
    /// One inside of it suspended.
    Suspended,
    /// One inside of it returned.
    Returned,
    /// An exception that was thrown inside of it is caught in it.
    Caught,
    /// An exception that is thrown into its chain is caught in it.
    ThrownInto,
    /// The host calls or resumes it.
    Entered,
    /// What ran inside of it was left: a call by the host, or Wasm by a fault.
    Left,
    /// It is bound to arguments.
    Bound,
    /// It is a clone of one that is logged.
    Cloned,
    /// A collection has ended, and it goes on.
    Collected,
}
