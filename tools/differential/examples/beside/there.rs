//! The same programs for the crate `wasmtime`.

pub mod externref;
pub mod fuel;
pub mod gcd;
pub mod hello;
pub mod host_struct;
pub mod interrupt;
pub mod limits;
pub mod linking;
pub mod memory;
pub mod multi_value;
