//! What knows the machine: the switch, the host's side of it, and the signal
//! context. One file per architecture, and no assembly anywhere else.

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
compile_error!("this crate has stubs for x86-64 Linux only");

#[cfg(test)]
mod overflow_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod x86_64;

pub use crate::frames::{Frame, Frames, frames, frames_from};
pub use x86_64::{Entered, enter, fault_context, prepare, redirect_to_host, stub_image};
