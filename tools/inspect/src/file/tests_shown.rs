//! What was read is shown: by every face, whatever the file claims.

use super::CheckError;
use super::tests::saved;
use crate::Snapshot;
use crate::faces::text::{self, Look};
use crate::faces::{Asked, View, devtools, dot, json, page};
use crate::questions::Gone;
use crate::snapshot::samples::generators;
use crate::snapshot::{
    About, Builder, Field, Kind, ObjectType, SlotValue, Space, Static, Storage, Target, TypeKind,
};
use std::io::sink;

/// Shows a snapshot in every form.
pub(super) fn show(snapshot: &Snapshot) {
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
    // The last ones are objects and frames, if there are any.
    for node in snapshot.nodes().all().rev().take(4) {
        views.push(View::Open { node, depth: 9 });
        views.push(View::Why { node, ways: 3 });
        views.push(View::Dropped(vec![Gone::Node(node)]));
    }
    let look = || Look {
        most: 20,
        ..Look::default()
    };
    for view in &views {
        text::write(&asked, view, look(), &mut sink()).unwrap();
        json::write(&asked, view, 20, &mut sink()).unwrap();
        dot::write(&asked, view, 20, &mut sink()).unwrap();
    }
    page::write(&[snapshot], &page::PageOptions::default(), sink()).unwrap();
    // It may say that there is nothing to write.
    let _ = devtools::write(snapshot, &devtools::Options::default(), sink());
}

/// What is counted is bounded by what a file has, not by what it claims.
#[test]
fn frames_hang_on_their_continuation_each() {
    let mut snapshot = generators(1, 1).unwrap();
    let nodes = &mut snapshot.nodes;
    let continuation = nodes.of(Kind::Continuation).next().unwrap();
    // Its only reference: the one to its frame.
    assert_eq!(nodes.edges(continuation).len(), 1);
    let edge = nodes.range(continuation).start;
    nodes.targets.remove(edge);
    nodes.places.remove(edge);
    for first in &mut nodes.firsts[continuation.index() + 1..] {
        *first -= 1;
    }
    assert_eq!(snapshot.check(), Err(CheckError::Edge(continuation)));
}

#[test]
fn claims_of_lengths_are_shown_and_not_gone_through() {
    let mut builder = Builder::new();
    for _ in 0..3 {
        let row = Static {
            len: u64::MAX,
            ..Static::default()
        };
        let value = SlotValue::Ref(Target::Object(8));
        builder.fixed(Kind::Table, row, [(7, value)]);
    }
    let byte = Field {
        storage: Storage::I64,
        ..Field::default()
    };
    builder.names().types.push(ObjectType {
        kind: TypeKind::Array,
        fields: vec![byte],
        ..ObjectType::default()
    });
    builder.object(8, 0, 16, u32::MAX, Space::Old, None, &[0; 8], []);
    let snapshot = builder.finish(About::default()).unwrap();
    let snapshot = Snapshot::read(&saved(&snapshot)[..]).unwrap();
    show(&snapshot);
    let node = snapshot.nodes().object_at(8).unwrap();
    let view = View::Open { node, depth: 3 };
    let mut page = Vec::new();
    let asked = Asked::new(&snapshot);
    let look = Look {
        most: 20,
        ..Look::default()
    };
    text::write(&asked, &view, look, &mut page).unwrap();
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("and 4,294,967,275 more"), "{page}");
}
