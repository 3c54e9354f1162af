//! TODO

/// What events about switches are called.
pub const SWITCHES: &str = "mangrove::switch";
