//! What knows the machine: the switch, the host's side of it, and the signal
//! context. One file per architecture, and no assembly anywhere else.

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
compile_error!("this crate has stubs for x86-64 Linux only");

mod fault;
mod landing;
#[cfg(test)]
mod moving_tests;
#[cfg(test)]
mod overflow_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod x86_64;

pub(crate) use landing::landing_address;

pub use crate::frames::{Frame, Frames, frames, frames_from, lands};
pub use fault::{Fault, FaultIn, Stopped, stopped, take_fault};
pub(crate) use x86_64::STUB_DEPTH;
pub use x86_64::{
    Entered, enter, fault_context, prefetch, prepare, record_fault, redirect_to_host, stub_image,
};

use mangrove_abi::{ContRecord, StoreContext};

/// The runtime's answer to a switch to a parked record: puts its frames back on
/// a stack with [`crate::unpark`]. Runs on the host's stack, with values in
/// transit, so it is no safepoint. False: there is no stack, and Wasm is to be
/// left as by a trap.
pub type Unpark = unsafe extern "sysv64" fn(*mut StoreContext, *mut ContRecord) -> bool;
