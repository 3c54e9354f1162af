//! How a snapshot, and the answer to a question about it, is shown.
//!
//! ```text
//!  Snapshot ─┬─ text   for people
//!            ├─ json   for programs: docs/schema/roots.schema.json
//!            ├─ dot    for Graphviz
//!            └─ devtools  for Chrome's DevTools and programs that read its heap snapshots
//! ```
//!
//! What things are called comes from [`Snapshot`](crate::Snapshot) in all of them.

pub mod devtools;
