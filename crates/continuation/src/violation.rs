//! What a check of the registry finds: see `verify.rs` for the invariants.

use crate::states::State;
use mangrove_abi::RecordId;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryViolation {
    /// A record's state is none.
    #[error("record {record} has state {state}")]
    State {
        /// The record's id.
        record: RecordId,
        /// What its state field says.
        state: u32,
    },
    /// A pointer that must lead to a record of the registry leads elsewhere.
    #[error("record {record}: its {field} is no record of this registry")]
    Foreign {
        /// The record's id.
        record: RecordId,
        /// The field that holds the pointer.
        field: &'static str,
    },
    /// A saved stack pointer outside the stack.
    #[error("record {record} is {state:?} with stack pointer {sp:#x} outside its stack")]
    StackPointer {
        /// The record's id.
        record: RecordId,
        /// The record's state.
        state: State,
        /// The saved stack pointer.
        sp: u64,
    },
    /// Links between records that cannot be.
    #[error("record {record}: {what}")]
    Chain {
        /// The record's id.
        record: RecordId,
        /// What is wrong.
        what: &'static str,
    },
    /// The running chain does not end at a host record.
    #[error("the running chain does not end at the host")]
    RunningChain,
    /// The free list.
    #[error("free list: {what}")]
    FreeList {
        /// What is wrong.
        what: &'static str,
    },
    /// Two ways to count disagree.
    #[error("{what}: {counted} counted, {expected} expected")]
    Count {
        /// What was counted.
        what: &'static str,
        /// What there is.
        counted: u64,
        /// What should be.
        expected: u64,
    },
    /// The current record passes for one that has not run.
    #[error("the running continuation counts as one that did not run since the last collection")]
    Clean,
}
