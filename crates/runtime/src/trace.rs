//! What events are called.

/// What events about switches are called.
pub const SWITCHES: &str = "mangrove::switch";
