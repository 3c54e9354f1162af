//! What a [`Snapshot`](crate::Snapshot) looks like: each face knows snapshots and the
//! questions that can be asked of them, and nothing of stores.

pub mod page;
