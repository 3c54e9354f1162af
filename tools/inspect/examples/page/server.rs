//! A snapshot made by hand: a server with a continuation for each session, whose retries are
//! kept in a list that nobody goes through.

use super::names::Names;
use mangrove_inspect::Snapshot;
use mangrove_inspect::snapshot::{
    About, At, BuildError, Builder, Continuation, ContinuationParts, FrameParts, Kind, Plain,
    SlotValue, Space, State, Static, Target,
};

const SESSION: u32 = 0;
const USER: u32 = 1;
const REQUEST: u32 = 2;
const RETRY: u32 = 3;
const BYTES: u32 = 4;
const CLOCK: u32 = 5;

/// An object that is still to be told.
struct Object {
    offset: u32,
    ty: u32,
    len: u32,
    identity: u32,
    contents: Vec<u8>,
    edges: Vec<(At, Target)>,
}

#[derive(Default)]
struct Heap {
    objects: Vec<Object>,
    next: u32,
}

impl Heap {
    /// The offset of a new object, whose identity is made of its type and `key`.
    fn add(&mut self, ty: u32, key: u32, contents: Vec<u8>, edges: &[(u32, Target)]) -> Target {
        let offset = 0x100 + self.next;
        self.next += (8 + contents.len() as u32).next_multiple_of(8);
        self.objects.push(Object {
            offset,
            ty,
            len: if ty == BYTES {
                contents.len() as u32
            } else {
                0
            },
            identity: 1 + ty + 8 * key,
            contents,
            edges: edges
                .iter()
                .map(|&(field, to)| (At::Field(field), to))
                .collect(),
        });
        Target::Object(offset)
    }

    fn text(&mut self, key: u32, text: &str) -> Target {
        self.add(BYTES, key, text.as_bytes().to_vec(), &[])
    }
}

/// The server, with so many retries and sessions.
///
/// # Errors
/// None, unless this module is wrong.
pub fn snapshot(
    moment: &str,
    retries: u32,
    sessions: u32,
    names: &Names,
) -> Result<Snapshot, BuildError> {
    let mut builder = Builder::new();
    names.tell(&mut builder);
    let mut heap = Heap::default();
    let (mut served, mut retried) = (Vec::new(), Vec::new());
    for key in 0..sessions {
        let name = heap.text(
            2 * key,
            ["ada", "grace", "edsger", "barbara"][key as usize % 4],
        );
        let user = heap.add(USER, key, words(&[0, 30 + key]), &[(0, name)]);
        let buffer = heap.text(
            2 * key + 1,
            &"GET /index.html HTTP/1.1\r\n".repeat(1 + key as usize % 3),
        );
        served.push(heap.add(SESSION, key, words(&[key, 0, 0]), &[(1, user), (2, buffer)]));
    }
    let mut list = None;
    for key in 0..retries {
        let body = heap.text(1_000_000 + key, &format!("body {key} ").repeat(40));
        let request = heap.add(REQUEST, key, words(&[key, 0]), &[(1, body)]);
        let mut edges = vec![(0, Target::Continuation(number(sessions, key)))];
        edges.extend(list.map(|list| (1, list)));
        let mut contents = vec![0; 24];
        contents[20..24].copy_from_slice(&(key % 3).to_le_bytes());
        list = Some(heap.add(RETRY, key, contents, &edges));
        retried.push(request);
    }
    let clock = heap.add(
        CLOCK,
        0,
        [
            &1_764_000_000_000u64.to_le_bytes()[..],
            &0.75f64.to_le_bytes()[..],
        ]
        .concat(),
        &[],
    );
    tell_fixed(&mut builder, names, sessions, list, clock);
    tell_stacks(&mut builder, &served, &retried, clock);
    let heap_used = heap.next.into();
    for object in heap.objects {
        let bytes = (8 + object.contents.len() as u32).next_multiple_of(8);
        let Object {
            offset,
            ty,
            len,
            identity,
            contents,
            edges,
        } = object;
        let space = if identity % 5 == 0 {
            Space::Young
        } else {
            Space::Old
        };
        builder.object(
            offset,
            ty,
            bytes,
            len,
            space,
            Some(identity),
            &contents,
            edges,
        );
    }
    let collections: u64 = moment.trim_start_matches("gc:").parse().unwrap_or(1);
    builder.finish(About {
        moment: moment.to_owned(),
        program: names.program.to_owned(),
        run: 0x5eed,
        seconds: collections as f64 * 1.37,
        version: "0.1.0".to_owned(),
        full_collections: collections,
        minor_collections: 41 * collections,
        created: u64::from(retries + sessions) + 3,
        heap_used,
        heap_committed: 1 << 20,
        stack_bytes: 40_960,
        parked_bytes: 262_144,
        stack_committed: 1 << 19,
        ..About::default()
    })
}

/// The number of the continuation of a retry.
fn number(sessions: u32, key: u32) -> u32 {
    2 + sessions + key
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn tell_fixed(
    builder: &mut Builder,
    names: &Names,
    sessions: u32,
    list: Option<Target>,
    clock: Target,
) {
    let named = |index: usize, len| Static {
        instance: Some(0),
        index: index as u32,
        name: Some(names.fixed[index].to_owned()),
        len,
    };
    let list = list.map_or(SlotValue::Plain(Plain::Null), SlotValue::Ref);
    builder.fixed(Kind::Global, named(1, 0), [(0, list)]);
    builder.fixed(Kind::Global, named(2, 0), [(0, SlotValue::Ref(clock))]);
    let all = (0..sessions).map(|key| (key, SlotValue::Ref(Target::Continuation(2 + key))));
    builder.fixed(Kind::Table, named(0, u64::from(sessions) + 36), all);
    builder.fixed(
        Kind::Handle,
        Static::default(),
        [(0, SlotValue::Ref(clock))],
    );
    builder.fixed(Kind::Weak, Static::default(), [(0, SlotValue::Ref(clock))]);
}

fn tell_stacks(builder: &mut Builder, served: &[Target], retried: &[Target], clock: Target) {
    let object = SlotValue::Ref;
    let null = SlotValue::Plain(Plain::Null);
    let mut tell = |row: Continuation, parent, frames: &[(u32, u32, &[SlotValue])]| {
        let frames: Vec<FrameParts<'_>> = frames
            .iter()
            .map(|&(index, site, slots)| FrameParts {
                index,
                site,
                bytes: 96,
                slots,
            })
            .collect();
        builder.continuation(ContinuationParts {
            row: Continuation {
                serial: row.number.into(),
                stack_bytes: 112 * (1 + frames.len() as u32),
                ..row
            },
            bytes: 176,
            parent,
            frames: &frames,
            ..ContinuationParts::default()
        });
    };
    let row = |number, state, origin, stack| Continuation {
        number,
        state,
        origin,
        stack,
        ..Continuation::default()
    };
    tell(
        row(0, State::Parent, 0, 0),
        None,
        &[(0, 0, &[object(clock), SlotValue::Plain(Plain::I31(7))])],
    );
    let current = served.first().map_or(null, |&session| object(session));
    tell(
        row(1, State::Running, 1, 1),
        Some(0),
        &[(0, 1, &[current, null]), (1, 8, &[object(clock)])],
    );
    let mut next = 2;
    for (key, &session) in (0i32..).zip(served) {
        let parked = key % 3 != 0;
        let age = key as u32 % 4;
        let row = Continuation {
            parked,
            age,
            ..row(next, State::Suspended, 2, if key % 8 == 7 { 4 } else { 2 })
        };
        match key % 8 {
            7 => tell(row, None, &[(0, 2, &[object(session)])]),
            _ => tell(
                row,
                None,
                &[
                    (0, 4, &[null, SlotValue::Plain(Plain::I31(key))]),
                    (1, 3, &[object(session)]),
                    (2, 2, &[object(session)]),
                ],
            ),
        }
        next += 1;
    }
    for (key, &request) in (0i32..).zip(retried) {
        let age = 9 - (key / 24).min(8) as u32;
        let row = Continuation {
            parked: true,
            age,
            ..row(next, State::Suspended, 3, 3)
        };
        tell(
            row,
            None,
            &[
                (0, 6, &[]),
                (
                    1,
                    5,
                    &[object(request), SlotValue::Plain(Plain::I31(key % 3))],
                ),
            ],
        );
        next += 1;
    }
    for _ in 0..3 {
        let row = Continuation {
            parked: true,
            ..row(next, State::Fresh, 4, 5)
        };
        tell(row, None, &[]);
        next += 1;
    }
}
