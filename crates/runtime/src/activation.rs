//! Calls from the host, and resumptions by it: what the host remembers while Wasm runs.

use crate::host::HostFunc;
use mangrove_abi::{ContRecord, TransferSlot};
use smallvec::SmallVec;

/// A call from the host into Wasm, or a resumption by it, that is not over. Which record
/// ran when the host entered Wasm is in the host record, and so is whether it is a call:
/// then that has no function.
#[derive(Clone, Copy, Debug)]
pub struct Activation {
    /// The record that stands for the host in its chain.
    pub host: *mut ContRecord,
    /// The host function that made the call, or null.
    pub caller: *const HostFunc,
}

/// Values on their way.
pub type InTransit = SmallVec<[TransferSlot; 8]>;

/// A call or a resumption under way.
#[derive(Clone, Copy)]
pub struct Call {
    /// The record that stands for the host in its chain.
    pub host: *mut ContRecord,
    /// Where it enters.
    pub record: *mut ContRecord,
    /// What it brings along in the payload register.
    pub payload: u64,
}
