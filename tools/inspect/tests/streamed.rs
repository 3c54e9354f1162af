//! Documents are written as they are made: what they take meanwhile does not go by how long they
//! are.

use mangrove_inspect::faces::{Asked, View, json};
use mangrove_inspect::snapshot::{
    About, At, Builder, Continuation, ContinuationParts, Field, FrameParts, Function, NodeId,
    ObjectType, Origin, Site, SlotValue, Space, State, Static, Storage, Target, TypeKind,
};
use mangrove_inspect::{Snapshot, snapshot::Kind};
use std::io::{self, Write};

/// Bytes of memory that the process has had at most, by its own account.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() << 10
}

/// Counts what is written.
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const MANY: u32 = 20_000;

/// A global refers to an array of many objects, each of which refers to the next, and another to
/// a list of as many; a continuation has many frames.
fn large() -> Snapshot {
    let mut builder = Builder::new();
    let names = builder.names();
    names.functions.push(Function::default());
    names.sites.push(Site::default());
    names.origins.push(Origin::default());
    names.stacks.push(vec![0; MANY as usize]);
    for (name, kind) in [("$array", TypeKind::Array), ("$node", TypeKind::Struct)] {
        names.types.push(ObjectType {
            name: name.to_owned(),
            kind,
            fields: vec![Field {
                name: None,
                storage: Storage::Ref,
                offset: 0,
            }],
        });
    }
    let at = |number: u32| Target::Object(16 + 16 * number);
    let array = [(0, SlotValue::Ref(at(0)))];
    builder.fixed(Kind::Global, Static::default(), array);
    let list = [(0, SlotValue::Ref(at(MANY + 1)))];
    builder.fixed(Kind::Global, Static::default(), list);
    let row = Continuation {
        state: State::Suspended,
        ..Continuation::default()
    };
    let frames: Vec<FrameParts<'_>> = (0..MANY)
        .map(|index| FrameParts {
            index,
            bytes: 16,
            ..FrameParts::default()
        })
        .collect();
    builder.continuation(ContinuationParts {
        row,
        frames: &frames,
        ..ContinuationParts::default()
    });
    let items = (0..MANY).map(|item| (At::Element(item), at(item + 1)));
    let first = (At::Element(MANY), Target::Continuation(0));
    let items = items.chain([first]);
    builder.object(16, 0, 16, MANY + 1, Space::Large, None, &[], items);
    for number in 1..=2 * MANY {
        let next = (number % MANY > 0).then(|| (At::Field(0), at(number + 1)));
        builder.object(16 + 16 * number, 1, 16, 0, Space::Old, None, &[], next);
    }
    builder.finish(About::default()).unwrap()
}

/// One test: what others take would be counted too.
#[test]
fn documents_take_little_however_long_they_are() {
    let snapshot = large();
    let asked = Asked::new(&snapshot);
    // What is worked out once, and kept, is not what this is about.
    json::write(&asked, &View::Summary, 1, &mut Count(0)).unwrap();
    let global = snapshot.nodes().of(Kind::Global).next().unwrap();
    let array = snapshot.nodes().edges(global).next().unwrap().to;
    let last = NodeId(snapshot.nodes().len() as u32 - 1);
    // All of them together: a document that was whole in memory would take more than it is long.
    let before = most_memory();
    let views = [
        View::Open {
            node: global,
            depth: 3,
        },
        View::Open {
            node: array,
            depth: 64,
        },
        View::Stacks(None),
        View::Shapes,
        View::Why {
            node: last,
            ways: 2,
        },
    ];
    for view in views {
        let mut written = Count(0);
        json::write(&asked, &view, usize::MAX, &mut written).unwrap();
        assert!(written.0 > 6_000_000, "{view:?}: {}", written.0);
        let taken = most_memory() - before;
        assert!(
            taken < 4 << 20,
            "{view:?}: {} written, {taken} taken",
            written.0
        );
    }
}
