//! The embedding API of Mangrove.

pub use mangrove_runtime::*;
