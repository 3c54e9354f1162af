//! Everything a store holds at one moment: stacks, frames, slots, objects, and the
//! references between them.
//!
//! ```text
//!  store ─ capture ─▶ Snapshot ─┬─ questions: why, what if, diff, suspects, retained sizes
//!                       ▲       └─ faces: text, JSON, page, terminal, heap snapshot
//!                       ▼
//!                      file
//! ```
//!
//! One model, many faces: a [`Snapshot`] knows no store, and a face knows the
//! snapshot only.

#![forbid(unsafe_code)]

pub mod capture;
pub mod faces;
pub mod file;
pub mod questions;
pub mod snapshot;
pub mod socket;
pub mod source_map;
#[cfg(feature = "terminal")]
pub mod terminal;
pub mod timeline;

#[doc(inline)]
pub use capture::{Capture, CaptureError, CaptureOptions};
#[doc(inline)]
pub use snapshot::Snapshot;

/// The programs of `docs/INSPECTING.md` do what they say.
#[cfg(doctest)]
mod inspecting {
    #[doc = include_str!("../../../docs/INSPECTING.md")]
    struct Page;
}
