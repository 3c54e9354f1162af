//! What knows the machine: the switch, the host's side of it, and what a fault's
//! registers mean. One folder per architecture, and no assembly anywhere else.

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
compile_error!("this crate has stubs for x86-64 Linux only");

#[cfg(test)]
mod moving_tests;
#[cfg(test)]
mod overflow_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod x86_64;

pub use x86_64::{
    Fault, FaultIn, Left, Stopped, enter, fault_context, prefetch, prepare, record_fault,
    redirect_to_host, stopped, stub_image, take_fault,
};
pub(crate) use x86_64::{STUB_DEPTH, unpark_stub};

use mangrove_abi::{ContRecord, StoreContext};

/// The runtime's answer to a switch to a parked record: puts its frames back on
/// a stack with [`crate::unpark`]. Runs on the host's stack, with values in
/// transit, so it is no safepoint. False: there is no stack, and Wasm is to be
/// left as by a trap.
pub type Unpark = unsafe extern "sysv64" fn(*mut StoreContext, *mut ContRecord) -> bool;
