//! Calls from the host, and resumptions by it: what the host remembers while Wasm runs.

use crate::host::HostFunc;
use mangrove_abi::{ContRecord, TransferSlot};
use smallvec::SmallVec;

/// A call from the host into Wasm, or a resumption by it, that is not over.
#[derive(Clone, Copy, Debug)]
pub struct Activation {
    /// The record that stands for the host in its chain.
    pub host: *mut ContRecord,
    /// Which record ran when the host entered Wasm: the innermost of the activation
    /// around this one, or null.
    pub interrupted: *mut ContRecord,
    /// The host function that made the call, or null.
    pub caller: *const HostFunc,
    /// Whether it began as a call, with an initial continuation of its own, and
    /// not by resuming one of the program's.
    pub is_call: bool,
}

/// Values on their way.
pub type InTransit = SmallVec<[TransferSlot; 8]>;

/// A call or a resumption under way.
pub struct Call {
    /// The record that stands for the host in its chain.
    pub host: *mut ContRecord,
    /// Where it enters.
    pub record: *mut ContRecord,
    /// What it brings along in the payload register.
    pub payload: u64,
    /// What to put back: the host record of the activation around this one, …
    pub outer_host: *mut ContRecord,
    /// … and its stack pointer.
    pub outer_host_sp: u64,
}
