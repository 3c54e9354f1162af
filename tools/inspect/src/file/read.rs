//! Reads a snapshot: nothing in a file is trusted. What cannot be stored is refused here; whether
//! the parts fit together is checked once all are there.

use super::blocks::{Unblocked, exactly};
use super::columns::{column, fill, item, items, one_less, small, steps, steps_small};
use super::error::ReadError;
use super::layout::{MAGIC, VERSION};
use super::places::{edges, plain};
use crate::Snapshot;
use crate::snapshot::{
    Continuation, FrameRow, Kind, Names, NodeId, Nodes, ObjectRow, Space, State,
};
use std::io::Read;

type Result<T> = std::result::Result<T, ReadError>;

pub(super) fn read(mut from: impl Read) -> Result<Snapshot> {
    let mut magic = [0; MAGIC.len()];
    match exactly(&mut from, &mut magic) {
        Err(ReadError::Truncated) => return Err(ReadError::Magic),
        other => other?,
    }
    if magic != MAGIC {
        return Err(ReadError::Magic);
    }
    let mut version = [0; 4];
    exactly(&mut from, &mut version)?;
    let found = u32::from_le_bytes(version);
    if found == 0 || found > VERSION {
        return Err(ReadError::Version {
            found,
            known: VERSION,
        });
    }
    let mut from = Unblocked::new(from);
    let snapshot = parts(&mut from)?;
    from.finish()?;
    snapshot.check()?;
    Ok(snapshot)
}

fn parts(from: &mut Unblocked<impl Read>) -> Result<Snapshot> {
    let mut snapshot = Snapshot {
        about: item(from)?,
        names: names(from)?,
        ..Snapshot::default()
    };
    let nodes = &mut snapshot.nodes;
    kinds(from, nodes)?;
    from.section = "globals, tables and handles";
    nodes.statics = items(from)?;
    from.section = "continuations";
    nodes.continuations = continuations(from)?;
    from.section = "frames";
    nodes.frames = frames(from, &nodes.kinds)?;
    from.section = "objects";
    nodes.objects = objects(from)?;
    let count = from.number()?;
    nodes.identities = column(from, count, steps_small(0))?;
    from.section = "references";
    edges(from, nodes)?;
    from.section = "values";
    snapshot.plain = plain(from, &nodes.kinds)?;
    from.section = "contents";
    let count = from.number()?;
    from.bytes(count, &mut snapshot.contents)?;
    snapshot.contents.shrink_to_fit();
    Ok(snapshot)
}

fn names(from: &mut Unblocked<impl Read>) -> Result<Names> {
    from.section = "names";
    Ok(Names {
        modules: items(from)?,
        functions: items(from)?,
        types: items(from)?,
        sites: items(from)?,
        stacks: items(from)?,
        origins: items(from)?,
    })
}

fn kinds(from: &mut Unblocked<impl Read>, nodes: &mut Nodes) -> Result<()> {
    from.section = "nodes";
    let count = from.number()?;
    nodes.kinds = column(from, count, |from| {
        Ok(match from.byte()? {
            0 => Kind::Roots,
            1 => Kind::Global,
            2 => Kind::Table,
            3 => Kind::Segment,
            4 => Kind::Handle,
            5 => Kind::Weak,
            6 => Kind::Continuation,
            7 => Kind::Frame,
            8 => Kind::Object,
            _ => return Err(from.damaged("there is no such kind")),
        })
    })?;
    nodes.bytes = column(from, count, Unblocked::small)?;
    // The rows of each kind are in the order of nodes; those of what lies outside of stacks and
    // objects are of one kind.
    let mut next = [0u32; 4];
    nodes.rows = nodes
        .kinds
        .iter()
        .map(|kind| {
            let next = match kind {
                Kind::Roots => return 0,
                Kind::Continuation => &mut next[1],
                Kind::Frame => &mut next[2],
                Kind::Object => &mut next[3],
                _ => &mut next[0],
            };
            *next += 1;
            *next - 1
        })
        .collect();
    Ok(())
}

fn continuations<R: Read>(from: &mut Unblocked<R>) -> Result<Vec<Continuation>> {
    let count = from.number()?;
    let mut number = steps_small(0);
    let mut rows: Vec<Continuation> = column(from, count, |from| {
        Ok(Continuation {
            number: number(from)?,
            ..Continuation::default()
        })
    })?;
    let mut serial = steps(0);
    fill(from, &mut rows, |from, row| {
        row.serial = serial(from)?;
        Ok(())
    })?;
    fill(from, &mut rows, |from, row| {
        let state = from.byte()?;
        row.parked = state & 1 == 1;
        row.state = match state >> 1 {
            0 => State::Fresh,
            1 => State::Running,
            2 => State::Parent,
            3 => State::Suspended,
            _ => return Err(from.damaged("there is no such state")),
        };
        Ok(())
    })?;
    small(from, &mut rows, |row| &mut row.origin)?;
    fill(from, &mut rows, |from, row| {
        row.clone_of = one_less(from)?;
        Ok(())
    })?;
    small(from, &mut rows, |row| &mut row.age)?;
    small(from, &mut rows, |row| &mut row.stack_bytes)?;
    small(from, &mut rows, |row| &mut row.frames)?;
    small(from, &mut rows, |row| &mut row.stack)?;
    Ok(rows)
}

fn frames(from: &mut Unblocked<impl Read>, kinds: &[Kind]) -> Result<Vec<FrameRow>> {
    let count = from.number()?;
    let mut owners = Vec::new();
    let mut owner = NodeId::ROOTS;
    for (node, kind) in (0..).map(NodeId).zip(kinds) {
        match kind {
            Kind::Continuation => owner = node,
            Kind::Frame => owners.push(owner),
            _ => {}
        }
    }
    if owners.len() as u64 != count {
        return Err(from.damaged("there are not as many as nodes"));
    }
    let mut owners = owners.into_iter();
    let mut rows: Vec<FrameRow> = column(from, count, |from| {
        Ok(FrameRow {
            continuation: owners.next().unwrap_or_default(),
            index: from.small()?,
            site: 0,
        })
    })?;
    small(from, &mut rows, |row| &mut row.site)?;
    Ok(rows)
}

fn objects(from: &mut Unblocked<impl Read>) -> Result<Vec<ObjectRow>> {
    let count = from.number()?;
    let mut offset = steps_small(0);
    let mut rows: Vec<ObjectRow> = column(from, count, |from| {
        Ok(ObjectRow {
            offset: offset(from)?,
            ty: 0,
            len: 0,
            contents: 0,
            space: Space::Old,
        })
    })?;
    small(from, &mut rows, |row| &mut row.ty)?;
    small(from, &mut rows, |row| &mut row.len)?;
    fill(from, &mut rows, |from, row| {
        row.space = match from.byte()? {
            0 => Space::Young,
            1 => Space::Old,
            2 => Space::Large,
            _ => return Err(from.damaged("there is no such space")),
        };
        Ok(())
    })?;
    let (mut start, mut end) = (0, steps_small(0));
    fill(from, &mut rows, |from, row| {
        row.contents = std::mem::replace(&mut start, end(from)?);
        Ok(())
    })?;
    Ok(rows)
}
