//! The tracks of a timeline: a few that are always there, and one for each continuation or,
//! beyond a bound, for each place where some are made.

use super::form::{Form, Track, TrackKind, Unit};
use super::names::Names;
use mangrove::{Counts, FunctionId, WasmLocation};
use std::collections::HashMap;

/// The process.
pub const PROCESS: u64 = 1;
/// What the host does.
pub const HOST: u64 = 2;
/// Collections.
pub const COLLECTIONS: u64 = 3;
/// Continuations, each on a track below.
const CONTINUATIONS: u64 = 4;
/// The first counter's.
const COUNTERS: u64 = 5;
/// The first of those that are made when they are needed.
const FIRST: u64 = 16;

/// The counters, in the order of [`Tracks::values`].
const COUNTER_NAMES: [(&str, Unit); 6] = [
    ("heap: objects", Unit::Bytes),
    ("heap: memory", Unit::Bytes),
    ("continuations", Unit::Count),
    ("parked continuations", Unit::Count),
    ("stacks", Unit::Bytes),
    ("parked frames", Unit::Bytes),
];

/// Tracks that were made.
pub struct Tracks {
    next: u64,
    /// How many continuations may have a track of their own, of those to come.
    left: u64,
    /// Those that share one, by what they were made of and where.
    shared: HashMap<(FunctionId, Option<WasmLocation>), u64>,
    /// Of calls from the host, by the record.
    calls: HashMap<u32, u64>,
    /// What the counters showed last.
    shown: [Option<u64>; COUNTER_NAMES.len()],
}

/// A track for a continuation.
pub struct OwnTrack {
    /// Its number.
    pub id: u64,
    /// Whether no other continuation is on it.
    pub own: bool,
}

impl Tracks {
    /// Those that are always there. `most` continuations get one of their own.
    pub fn new(form: &mut dyn Form, out: &mut Vec<u8>, title: &str, most: u64) -> Self {
        let mut rank = 0;
        let mut track = |id, parent, name: &str, kind| {
            rank += 1;
            form.track(
                out,
                &Track {
                    id,
                    parent,
                    name,
                    kind,
                    rank,
                },
            );
        };
        track(PROCESS, 0, title, TrackKind::Process);
        for (id, (name, unit)) in (COUNTERS..).zip(COUNTER_NAMES) {
            track(id, PROCESS, name, TrackKind::Counter(unit));
        }
        track(COLLECTIONS, PROCESS, "collections", TrackKind::Slices);
        track(HOST, PROCESS, "host", TrackKind::Slices);
        track(CONTINUATIONS, PROCESS, "continuations", TrackKind::Slices);
        Self {
            next: FIRST,
            left: most,
            shared: HashMap::new(),
            calls: HashMap::new(),
            shown: [None; COUNTER_NAMES.len()],
        }
    }

    fn make(&mut self, form: &mut dyn Form, out: &mut Vec<u8>, parent: u64, name: &str) -> u64 {
        let id = self.next;
        self.next += 1;
        form.track(
            out,
            &Track {
                id,
                parent,
                name,
                kind: TrackKind::Slices,
                rank: id as u32,
            },
        );
        id
    }

    /// The track of calls from the host on this record.
    pub fn of_calls(&mut self, form: &mut dyn Form, out: &mut Vec<u8>, record: u32) -> u64 {
        if let Some(&known) = self.calls.get(&record) {
            return known;
        }
        let name = format!("calls {}", self.calls.len() + 1);
        let id = self.make(form, out, PROCESS, &name);
        self.calls.insert(record, id);
        id
    }

    /// A track for a continuation that was made.
    pub fn of_continuation(
        &mut self,
        (form, out): (&mut dyn Form, &mut Vec<u8>),
        (continuation, function): (u32, FunctionId),
        at: Option<WasmLocation>,
        texts: (&Names, u32, Option<u32>),
    ) -> OwnTrack {
        let (names, function_name, at_name) = texts;
        let called = names.text(function_name).text;
        if self.left > 0 {
            self.left -= 1;
            let name = format!("{continuation} {called}");
            let id = self.make(form, out, CONTINUATIONS, &name);
            return OwnTrack { id, own: true };
        }
        if let Some(&id) = self.shared.get(&(function, at)) {
            return OwnTrack { id, own: false };
        }
        let name = match at_name {
            Some(at) => format!("further {called} made in {}", names.text(at).text),
            None => format!("further {called} made by the host"),
        };
        let id = self.make(form, out, CONTINUATIONS, &name);
        self.shared.insert((function, at), id);
        OwnTrack { id, own: false }
    }

    /// The counters that show something else now, with what they show.
    pub fn values(&mut self, counts: &Counts) -> Vec<(u64, u64)> {
        let now = [
            counts.heap_bytes,
            counts.heap_memory,
            counts.continuations,
            counts.parked,
            counts.stack_bytes,
            counts.parked_bytes,
        ];
        let shown = self.shown.iter_mut().zip(now).zip(COUNTERS..);
        let changed = shown.filter_map(|((shown, value), id)| {
            (shown.replace(value) != Some(value)).then_some((id, value))
        });
        changed.collect()
    }
}
