//! Everything a store holds at one moment: stacks, frames, slots, objects, and the
//! references between them.
//!
//! ```text
//!  store ─ capture ─▶ Snapshot ─┬─ questions: why, what if, diff, leaks, retained sizes
//!                       ▲       └─ faces: text, JSON, page, terminal, heap snapshot
//!                       ▼
//!                      file
//! ```
//!
//! One model, many faces: a [`Snapshot`] knows no store, and a face knows the
//! snapshot only.

#![forbid(unsafe_code)]

pub mod snapshot;

#[doc(inline)]
pub use snapshot::Snapshot;
