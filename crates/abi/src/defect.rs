//! Defects of the collector that tests plant, to show that they would be found.
//!
//! What collections rely on is noted in one place for each kind of store and each way
//! of waking ([`crate::log`]), and looked at in one place. Each of them has a defect here
//! that makes it fail. A store's context says which is planted; code compiled with one is
//! never written to a file. Every test for one stands where something is noted or
//! collected, behind the frequent cases.

/// A defect of the collector.
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
    /// A store of this kind is not noted.
    Unnoted(Noted),
    /// A record that wakes so is not logged.
    Unwoken(Waking),
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
    /// A collection has ended, and it goes on.
    Collected,
}
