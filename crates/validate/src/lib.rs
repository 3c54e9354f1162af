//! From bytes to a typed module, and from many modules' types to one engine's.
//!
//! The only crate that runs wasmparser's validator. What comes out
//! ([`ParsedModule`]) is known to be valid; nothing behind it checks again.
//!
//! ```text
//!  bytes ──parse──▶ ParsedModule      types are indices: the module's own numbers
//!        (features,    │
//!         sections,    │ TypeRegistry::intern
//!         bodies)      ▼
//!                   Vec<TypeId>       types are canonical: equal types, equal numbers,
//!                                     in every module of the engine
//! ```
#![forbid(unsafe_code)]

mod bodies;
mod called;
mod convert;
mod custom;
mod error;
mod explain;
pub mod features;
pub mod fuel;
pub mod hierarchy;
mod hints;
mod instructions;
pub mod map;
pub mod module;
mod names;
pub mod number;
mod parse;
mod printable;
pub mod registry;
mod replay;
pub mod repr;
mod sections;
mod shorthand;
pub mod tail_calls;
pub mod text;
mod types;
mod witness;

pub use error::{FaultyFunction, ValidateError};
pub use features::Language;
pub use instructions::Around;
pub use map::MapTypes;
pub use module::*;
pub use printable::printable;
pub use registry::{MOST_VALUES, RegistryError, TypeInfo, TypeRegistry};
pub use types::*;
