//! How a snapshot, and the answer to a question about it, is shown.
//!
//! ```text
//!  Snapshot ─┬─▶ Asked, View ─┬─ text   for people
//!            │                ├─ json   for programs: docs/schema/roots.schema.json
//!            │                └─ dot    for Graphviz
//!            ├─ page      for browsers
//!            └─ devtools  for Chrome's DevTools and programs that read its heap snapshots
//! ```
//!
//! What things are called comes from [`Snapshot`](crate::Snapshot) in all of them. Each face knows
//! snapshots and the questions that can be asked of them, and nothing of stores.

mod asked;
pub mod devtools;
pub mod dot;
pub mod json;
mod outline;
pub mod page;
pub mod text;
mod view;

pub use asked::{Asked, Totals};
pub use view::View;
