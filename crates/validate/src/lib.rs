//! From bytes to a typed module.
//!
//! The only crate that runs wasmparser's validator. What comes out
//! ([`Module`]) is known to be valid; nothing behind it checks again.
#![forbid(unsafe_code)]

pub mod module;
pub mod types;

pub use module::*;
pub use types::*;
