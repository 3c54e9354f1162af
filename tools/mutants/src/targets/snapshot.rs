//! Saved snapshots.

use crate::judge::Verdict;
use mangrove_inspect::Snapshot;
use mangrove_inspect::faces::devtools::{self, Options};
use mangrove_inspect::faces::page::{self, PageOptions};
use mangrove_inspect::faces::{Asked, View, dot, json, text};
use std::io::{self, Write};

/// A file begins so: its mark, and its version.
const HEAD: [u8; 12] = *b"\x8eMGSNAP\n\x01\0\0\0";
/// Bytes of a block, at most.
const BLOCK: usize = 256 << 10;

/// A snapshot that is refused, or fits together, is read again as it is written, and can be shown
/// in every way.
///
/// Files have checksums, which hide what is behind them: bytes that do not begin as a file does are
/// taken for what is in its blocks.
pub(super) fn snapshot(bytes: &[u8]) -> Verdict {
    let mut verdict = Verdict::default();
    let whole = bytes.starts_with(&HEAD[..8]);
    let read = match whole {
        true => Snapshot::read(bytes),
        false => Snapshot::read(&in_blocks(bytes)[..]),
    };
    match read {
        Err(_) => verdict.add("snapshot: rejected"),
        Ok(snapshot) => {
            verdict.add("snapshot: read");
            verdict.fault = show(&snapshot).err();
        }
    }
    verdict
}

/// Blocks that are not packed, with the checksums that they must have.
fn in_blocks(bytes: &[u8]) -> Vec<u8> {
    let mut file = HEAD.to_vec();
    // The last one is empty, and ends the file.
    for (number, block) in bytes.chunks(BLOCK).chain([&[][..]]).enumerate() {
        let mut head = [0; 8];
        head[..4].copy_from_slice(&(block.len() as u32).to_le_bytes());
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&(number as u64).to_le_bytes());
        hasher.update(&head);
        hasher.update(block);
        file.extend(head);
        file.extend(hasher.finalize().to_le_bytes());
        file.extend(block);
    }
    file
}

/// All faces, and all views of those that have any.
fn show(snapshot: &Snapshot) -> Result<(), String> {
    snapshot.check().map_err(|error| error.to_string())?;
    let mut file = Vec::new();
    snapshot
        .write(&mut file)
        .map_err(|error| error.to_string())?;
    match Snapshot::read(&file[..]) {
        Ok(again) if again == *snapshot => {}
        Ok(_) => return Err("another snapshot is read than was written".to_owned()),
        Err(error) => return Err(format!("what was written is not read: {error}")),
    }
    let asked = Asked::since(snapshot, snapshot);
    let mut views = vec![
        View::Summary,
        View::Roots,
        View::Stacks(None),
        View::Shapes,
        View::Types,
        View::Suspects,
        View::Diff,
    ];
    for node in snapshot.nodes().all().take(8) {
        views.push(View::Open { node, depth: 3 });
        views.push(View::Why { node, ways: 3 });
    }
    for view in &views {
        text::write(&asked, view, text::Look::default(), &mut io::sink())
            .map_err(|error| format!("as text: {error}"))?;
        let mut document = Vec::new();
        json::write(&asked, view, 100, &mut document)
            .map_err(|error| format!("as JSON: {error}"))?;
        serde_json::from_slice::<serde::de::IgnoredAny>(&document)
            .map_err(|error| format!("no JSON: {error}"))?;
        dot::write(&asked, view, 50, &mut io::sink())
            .map_err(|error| format!("as DOT: {error}"))?;
    }
    if !snapshot.nodes().is_empty() {
        let shown = page::write(&[snapshot], &PageOptions::default(), io::sink());
        shown.map_err(|error| format!("as a page: {error}"))?;
    }
    let mut dump = Vec::new();
    devtools::write(snapshot, &Options::default(), dump.by_ref())
        .map_err(|error| format!("as a heap snapshot: {error}"))?;
    serde_json::from_slice::<serde::de::IgnoredAny>(&dump)
        .map_err(|error| format!("no heap snapshot: {error}"))?;
    Ok(())
}
