//! How a snapshot, and the answer to a question about it, is shown.
//!
//! ```text
//!  Snapshot ─▶ Asked, View ─┬─ text   for people
//!                           ├─ json   for programs: docs/schema/roots.schema.json
//!                           └─ dot    for Graphviz
//! ```
//!
//! What things are called comes from [`Snapshot`](crate::Snapshot) in all of them.

mod asked;
pub mod dot;
pub mod json;
mod outline;
pub mod text;
mod view;

pub use asked::{Asked, Totals};
pub use view::View;
