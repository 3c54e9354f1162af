//! TODO

use mangrove_abi::{ContRecord, TransferSlot};
use smallvec::SmallVec;

/// Values on their way.
pub type Slots = SmallVec<[TransferSlot; 8]>;

/// A call or a resumption under way.
pub struct Call {
    pub host: *mut ContRecord,
    /// Where it enters.
    pub record: *mut ContRecord,
    /// What it brings along in the payload register.
    pub payload: u64,
    /// What to put back.
    pub outer_host: *mut ContRecord,
    pub outer_host_sp: u64,
}
