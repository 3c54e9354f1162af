//! The programs for Mangrove: its own examples.

#[path = "../../../../crates/mangrove/examples/externref.rs"]
pub mod externref;
#[path = "../../../../crates/mangrove/examples/fuel.rs"]
pub mod fuel;
#[path = "../../../../crates/mangrove/examples/gcd.rs"]
pub mod gcd;
#[path = "../../../../crates/mangrove/examples/hello.rs"]
pub mod hello;
#[path = "../../../../crates/mangrove/examples/host_struct.rs"]
pub mod host_struct;
#[path = "../../../../crates/mangrove/examples/interrupt.rs"]
pub mod interrupt;
#[path = "../../../../crates/mangrove/examples/limits.rs"]
pub mod limits;
#[path = "../../../../crates/mangrove/examples/linking.rs"]
pub mod linking;
#[path = "../../../../crates/mangrove/examples/memory.rs"]
pub mod memory;
#[path = "../../../../crates/mangrove/examples/multi_value.rs"]
pub mod multi_value;
