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

    fn session(&mut self, key: u32) -> Target {
        let names = ["ada", "grace", "edsger", "barbara"];
        let name = self.text(2 * key, names[key as usize % 4]);
        let user = self.add(USER, key, words(&[0, 30 + key]), &[(0, name)]);
        let request = "GET /index.html HTTP/1.1\r\n".repeat(1 + key as usize % 3);
        let buffer = self.text(2 * key + 1, &request);
        let edges = [(1, user), (2, buffer)];
        self.add(SESSION, key, words(&[key, 0, 0]), &edges)
    }

    /// The request of a retry, which is put before the list.
    fn retry(&mut self, key: u32, list: &mut Option<Target>) -> Target {
        let body = self.text(1_000_000 + key, &format!("body {key} ").repeat(40));
        let request = self.add(REQUEST, key, words(&[key, 0]), &[(1, body)]);
        let mut edges = vec![(0, Target::Continuation(retry_number(key)))];
        edges.extend(list.map(|list| (1, list)));
        let mut contents = vec![0; 24];
        contents[20..24].copy_from_slice(&(key % 3).to_le_bytes());
        *list = Some(self.add(RETRY, key, contents, &edges));
        request
    }

    fn tell(self, builder: &mut Builder) {
        for object in self.objects {
            let bytes = (8 + object.contents.len() as u32).next_multiple_of(8);
            let space = match object.identity % 5 {
                0 => Space::Young,
                _ => Space::Old,
            };
            builder.object(
                object.offset,
                object.ty,
                bytes,
                object.len,
                space,
                Some(object.identity),
                &object.contents,
                object.edges,
            );
        }
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
    let served: Vec<Target> = (0..sessions).map(|key| heap.session(key)).collect();
    let mut list = None;
    let retried: Vec<Target> = (0..retries).map(|key| heap.retry(key, &mut list)).collect();
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
    heap.tell(&mut builder);
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

/// The number of the continuation of a session, the same at all moments.
fn session_number(key: u32) -> u32 {
    2 + 2 * key
}

/// The number of the continuation of a retry.
fn retry_number(key: u32) -> u32 {
    3 + 2 * key
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
    let all = (0..sessions).map(|key| {
        (
            key,
            SlotValue::Ref(Target::Continuation(session_number(key))),
        )
    });
    builder.fixed(Kind::Table, named(0, u64::from(sessions) + 36), all);
    builder.fixed(
        Kind::Handle,
        Static::default(),
        [(0, SlotValue::Ref(clock))],
    );
    builder.fixed(Kind::Weak, Static::default(), [(0, SlotValue::Ref(clock))]);
}

/// What frames hold: index, site, and what is in the slots.
type Frames<'a> = &'a [(u32, u32, &'a [SlotValue])];

fn row(number: u32, state: State, origin: u32, stack: u32) -> Continuation {
    Continuation {
        number,
        serial: number.into(),
        state,
        origin,
        stack,
        ..Continuation::default()
    }
}

fn tell_stack(builder: &mut Builder, row: Continuation, parent: Option<u32>, frames: Frames<'_>) {
    let frame = |&(index, site, slots)| FrameParts {
        index,
        site,
        bytes: 96,
        slots,
    };
    let frames: Vec<FrameParts<'_>> = frames.iter().map(frame).collect();
    builder.continuation(ContinuationParts {
        row: Continuation {
            stack_bytes: 112 * (1 + frames.len() as u32),
            ..row
        },
        bytes: 176,
        parent,
        frames: &frames,
        ..ContinuationParts::default()
    });
}

fn tell_stacks(builder: &mut Builder, served: &[Target], retried: &[Target], clock: Target) {
    let object = SlotValue::Ref;
    let null = SlotValue::Plain(Plain::Null);
    let i31 = |value| SlotValue::Plain(Plain::I31(value));
    let main = row(0, State::Parent, 0, 0);
    tell_stack(builder, main, None, &[(0, 0, &[object(clock), i31(7)])]);
    let current = served.first().map_or(null, |&session| object(session));
    let schedule = row(1, State::Running, 1, 1);
    let frames: Frames<'_> = &[(0, 1, &[current, null]), (1, 8, &[object(clock)])];
    tell_stack(builder, schedule, Some(0), frames);
    for (key, &session) in (0u32..).zip(served) {
        let writes = key % 8 == 7;
        let stack = if writes { 4 } else { 2 };
        let row = Continuation {
            parked: key % 3 != 0,
            age: key % 4,
            ..row(session_number(key), State::Suspended, 2, stack)
        };
        let slots = [object(session)];
        let waiting = [null, i31(key as i32)];
        let frames: Frames<'_> = match writes {
            true => &[(0, 2, &slots)],
            false => &[(0, 4, &waiting), (1, 3, &slots), (2, 2, &slots)],
        };
        tell_stack(builder, row, None, frames);
    }
    for (key, &request) in (0u32..).zip(retried) {
        let row = Continuation {
            parked: true,
            age: 9 - (key / 24).min(8),
            ..row(retry_number(key), State::Suspended, 3, 3)
        };
        let slots = [object(request), i31(key as i32 % 3)];
        tell_stack(builder, row, None, &[(0, 6, &[]), (1, 5, &slots)]);
    }
    for key in 0..3 {
        let row = Continuation {
            parked: true,
            ..row(10_000 + key, State::Fresh, 4, 5)
        };
        tell_stack(builder, row, None, &[]);
    }
}
