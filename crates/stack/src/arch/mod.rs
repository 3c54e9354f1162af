//! What knows the machine: the switch, the host's side of it, and what a fault's
//! registers mean. One folder per architecture, and no assembly anywhere else (but
//! that of tests, in `testing`).
//!
//! Every architecture's folder exports these nouns, and nothing else is asked of it:
//!
//! | noun | what |
//! |-|-|
//! | `prepare` | makes a stack fresh |
//! | `enter`, `enter_fresh`, [`Left`] | the host's switch into Wasm, and how Wasm was left |
//! | `stub_image` | what compiled code calls: the host, a switch, the end of a stack |
//! | `unpark_stub` | where a switch to a parked record arrives |
//! | `STUB_DEPTH` | bytes that a stub takes of the stack it is called on |
//! | `fault_context`, [`FaultIn`] | from a signal's context to the registers of a fault |
//! | `record_fault`, `take_fault`, [`Fault`] | a fault, noted for the runtime |
//! | `stopped`, [`Stopped`] | the frames that are whole when a fault comes |
//! | `redirect_to_host` | makes a signal handler return to the host |
//! | `prefetch`, `prefetch_range`, [`CACHE_LINE`] | a hint that memory will be read |
//! | [`PAGE`], [`USER_SPACE_END`] | what addresses are like |

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
    CACHE_LINE, Fault, FaultIn, Left, PAGE, Stopped, USER_SPACE_END, enter, enter_fresh,
    fault_context, host_sp, prefetch, prefetch_range, prepare, record_fault, redirect_to_host,
    stopped, stub_image, take_fault,
};
pub(crate) use x86_64::{STUB_DEPTH, unpark_stub};

use mangrove_abi::{ContRecord, StoreContext};

/// The runtime's answer to a switch to a parked record: puts its frames back on
/// a stack with [`crate::unpark`]. Runs on the host's stack, with values in
/// transit, so it is no safepoint. False: there is no stack, and Wasm is to be
/// left as by a trap.
pub type Unpark = unsafe extern "sysv64" fn(*mut StoreContext, *mut ContRecord) -> bool;
