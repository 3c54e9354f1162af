//! Writes a snapshot.

use crate::Snapshot;
use std::io::{self, Write};

pub(super) fn write(snapshot: &Snapshot, to: impl Write) -> io::Result<()> {
    let _ = (snapshot, to);
    todo!()
}
