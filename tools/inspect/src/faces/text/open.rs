//! What is in a node, and in what it refers to, some levels deep.
//!
//! ```text
//! continuation 7 of $gen, suspended  176 B, retains 232 B
//!   frame 0: $gen at 0x5c  40 B, retains 56 B
//!     fp-24 (local 0 $head) = $node @0x1040  16 B, retains 16 B
//!       field 0 $value = 7
//! ```

use super::roots::{frame_title, state};
use super::{Page, Paint, bytes, count};
use crate::Snapshot;
use crate::faces::Asked;
use crate::faces::outline::{frames, parts};
use crate::snapshot::{At, Edge, Kind, NodeId, Part, Plain, Storage, TypeKind, Value};
use mangrove::printable;
use std::collections::HashSet;
use std::io;

/// Most levels: deeper ones are too far to the right to be read. Lists are opened from any of
/// their nodes.
const DEEPEST: u32 = 64;
/// Most characters of an array that is shown as text.
const CHARACTERS: usize = 200;

/// A node and what is in it.
pub(super) fn page(
    page: &mut Page<'_>,
    asked: &Asked<'_>,
    node: NodeId,
    depth: u32,
) -> io::Result<()> {
    let mut opened = Opened {
        asked,
        seen: HashSet::new(),
        // A few lists' worth of lines, whatever the depth.
        lines: page.look().most.saturating_mul(50),
    };
    let title = title(asked, node);
    page.painted(0, Paint::Title, &title)?;
    if let Some(made) = about(asked.snapshot(), node) {
        page.painted(2, Paint::Dim, &made)?;
    }
    opened.inside(page, node, 1, depth.min(DEEPEST))?;
    match opened.lines {
        0 => page.painted(0, Paint::Dim, "and more (--all shows it)"),
        _ => Ok(()),
    }
}

/// Where a continuation was made.
fn about(snapshot: &Snapshot, node: NodeId) -> Option<String> {
    let row = snapshot.nodes().continuation(node)?;
    super::stacks::made(snapshot, row.origin)
}

/// A node's title, with what it takes and retains.
fn title(asked: &Asked<'_>, node: NodeId) -> String {
    let snapshot = asked.snapshot();
    let title = match snapshot.nodes().kind(node) {
        Kind::Continuation => state(snapshot, node),
        _ => snapshot.title(node),
    };
    sized(asked, node, title)
}

fn sized(asked: &Asked<'_>, node: NodeId, title: String) -> String {
    let own = bytes(asked.snapshot().nodes().bytes(node));
    let retains = bytes(asked.dominators().retained(node));
    format!("{title}  {own}, retains {retains}")
}

struct Opened<'a> {
    asked: &'a Asked<'a>,
    /// Nodes whose inside was shown.
    seen: HashSet<NodeId>,
    /// How many more lines there may be.
    lines: usize,
}

impl Opened<'_> {
    /// What is in a node, in lines; none if that was shown before. Recursion is bounded by
    /// [`DEEPEST`].
    fn inside(
        &mut self,
        page: &mut Page<'_>,
        node: NodeId,
        level: u32,
        depth: u32,
    ) -> io::Result<()> {
        self.seen.insert(node);
        if level > depth {
            return Ok(());
        }
        let snapshot = self.asked.snapshot();
        if let Some(text) = text(snapshot, node) {
            return self.line(page, level, Paint::Plain, &text);
        }
        let (most, mut shown) = (page.look().most, 0);
        for (place, value) in places(snapshot, node).take(most) {
            if self.lines == 0 {
                break;
            }
            shown += 1;
            self.place(page, &place, &value, level, depth)?;
        }
        let more = place_count(snapshot, node).saturating_sub(shown);
        if more > 0 && self.lines > 0 {
            let more = format!("and {} more (--all shows them)", count(more));
            self.line(page, level, Paint::Dim, &more)?;
        }
        Ok(())
    }

    fn place(
        &mut self,
        page: &mut Page<'_>,
        place: &str,
        value: &Value,
        level: u32,
        depth: u32,
    ) -> io::Result<()> {
        let snapshot = self.asked.snapshot();
        let Value::Node(to) = *value else {
            let line = format!("{place} = {}", snapshot.value_text(value));
            return self.line(page, level, Paint::Plain, &line);
        };
        let frame = snapshot.nodes().kind(to) == Kind::Frame;
        let name = match frame {
            true => sized(self.asked, to, frame_title(snapshot, to)),
            false => format!("{place} = {}", title(self.asked, to)),
        };
        if self.seen.contains(&to) {
            return self.line(page, level, Paint::Dim, &format!("{name}, see above"));
        }
        self.line(page, level, Paint::Plain, &name)?;
        self.inside(page, to, level + 1, depth)
    }

    fn line(
        &mut self,
        page: &mut Page<'_>,
        level: u32,
        paint: Paint,
        text: &str,
    ) -> io::Result<()> {
        match self.lines.checked_sub(1) {
            Some(lines) => self.lines = lines,
            None => return Ok(()),
        }
        page.painted(2 * level as usize, paint, text)
    }
}

/// All places of a node with what is in them: the parent and frames of a continuation too.
fn places(snapshot: &Snapshot, node: NodeId) -> Box<dyn Iterator<Item = (String, Value)> + '_> {
    let nodes = snapshot.nodes();
    let named = move |part: Part| (snapshot.place_name(node, part.at), part.value);
    let edge = move |edge: Edge| (snapshot.place_name(node, edge.at), Value::Node(edge.to));
    match nodes.kind(node) {
        Kind::Roots => Box::new(nodes.edges(node).map(edge)),
        Kind::Continuation => {
            let parent = nodes.edge_at(node, At::Parent).map(edge);
            let frame = |frame| (String::new(), Value::Node(frame));
            let frames = frames(snapshot, node).map(frame);
            let bound = parts(snapshot, node).map(named);
            Box::new(parent.into_iter().chain(bound).chain(frames))
        }
        _ => Box::new(parts(snapshot, node).map(named)),
    }
}

/// How many [`places`] there are. They are not gone through: an array has as many as it says.
fn place_count(snapshot: &Snapshot, node: NodeId) -> u64 {
    match snapshot.contents(node) {
        Some(contents) => contents.len().into(),
        None => (snapshot.nodes().edges(node).len() + snapshot.plain(node).len()) as u64,
    }
}

/// An array of bytes or 16-bit units as text, if that is what it looks like.
fn text(snapshot: &Snapshot, node: NodeId) -> Option<String> {
    let row = snapshot.nodes().object(node)?;
    let ty = snapshot.names().types.get(row.ty as usize)?;
    if ty.kind != TypeKind::Array {
        return None;
    }
    let storage = ty.fields.first()?.storage;
    let contents = snapshot.contents(node)?;
    let units: Option<Vec<u16>> = contents
        .parts()
        .take(CHARACTERS)
        .map(|part| match (storage, part.value) {
            (Storage::I8, Value::Plain(Plain::I8(byte))) => Some(u16::from(byte as u8)),
            (Storage::I16, Value::Plain(Plain::I16(unit))) => Some(unit as u16),
            _ => None,
        })
        .collect();
    let units = units.filter(|units| !units.is_empty())?;
    let text = match storage {
        Storage::I8 => {
            let bytes: Vec<u8> = units.iter().map(|&unit| unit as u8).collect();
            utf8(bytes)?
        }
        _ => String::from_utf16(&units).ok()?,
    };
    if !crate::snapshot::reads_as_text(&text) {
        return None;
    }
    let more = if contents.len() as usize > CHARACTERS {
        "…"
    } else {
        ""
    };
    Some(format!("\"{}\"{more}", printable(&text)))
}

/// Text, of which the last character may be cut off.
fn utf8(mut bytes: Vec<u8>) -> Option<String> {
    let whole = match std::str::from_utf8(&bytes) {
        Ok(_) => bytes.len(),
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => return None,
    };
    bytes.truncate(whole);
    String::from_utf8(bytes).ok()
}
