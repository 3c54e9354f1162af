//! The objects of a page, with the values in them.

use crate::Snapshot;
use crate::snapshot::{Contents, NodeId, Plain, Space, Value};
use serde::Serialize;

/// Places that an object has in any page, however much the others take.
const FEW: usize = 8;

/// The columns of objects.
#[derive(Default, Serialize)]
pub(super) struct Objects {
    /// Differences to the object before.
    offset: Vec<u32>,
    ty: Vec<u32>,
    space: String,
    /// What tells each from all others of the run, if there are several moments to find it in.
    identity: Vec<u32>,
    /// Object, and its elements.
    lens: Vec<(u32, u32)>,
    /// Object, and how many of its places are there: all, if it is not named.
    shown: Vec<(u32, u32)>,
    /// What is at the places that are there and hold no reference to a node, in order.
    values: Vec<Shown>,
    #[serde(skip)]
    last: u32,
}

/// A value in a page.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Shown {
    /// A null reference.
    Null(()),
    /// A number of at most 32 bits.
    Number(i32),
    /// Anything else, as people read it.
    Text(String),
}

impl Shown {
    pub fn of(snapshot: &Snapshot, value: Plain) -> Self {
        match value {
            Plain::Null => Self::Null(()),
            Plain::I8(value) => Self::Number(value.into()),
            Plain::I16(value) => Self::Number(value.into()),
            Plain::I32(value) => Self::Number(value),
            other => Self::Text(snapshot.plain_text(other)),
        }
    }
}

impl Objects {
    /// Adds an object, with at most `most` of its places. `room` is how many values the page has
    /// room for.
    pub fn add(&mut self, snapshot: &Snapshot, node: NodeId, most: u32, room: &mut usize) {
        let Some(row) = snapshot.nodes().object(node) else {
            return;
        };
        let index = self.ty.len() as u32;
        self.offset.push(row.offset - self.last);
        self.last = row.offset;
        self.ty.push(row.ty);
        self.space.push(match row.space {
            Space::Young => 'y',
            Space::Old => 'o',
            Space::Large => 'l',
        });
        if row.len > 0 {
            self.lens.push((index, row.len));
        }
        let Some(contents) = snapshot.contents(node) else {
            return;
        };
        let shown = self.values(snapshot, contents, most, room);
        if shown != contents.len() {
            self.shown.push((index, shown));
        }
    }

    /// Tells what the last object is known by in other moments.
    pub fn identify(&mut self, identity: Option<u32>) {
        self.identity.extend(identity);
    }

    /// Tells the values at the first places, and how many places that were.
    fn values(
        &mut self,
        snapshot: &Snapshot,
        contents: Contents<'_>,
        most: u32,
        room: &mut usize,
    ) -> u32 {
        let places = (*room).max(FEW).min(most as usize);
        let mut shown = 0;
        for part in contents.parts().take(places) {
            shown += 1;
            if let Value::Plain(value) = part.value {
                self.values.push(Shown::of(snapshot, value));
                *room = room.saturating_sub(1);
            }
        }
        shown
    }
}
