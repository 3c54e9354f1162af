//! Perfetto's protobuf: a file is a `Trace`, which is packets, one after the other. Whatever
//! begins of such a file is one.
//!
//! Field numbers are those of `protos/perfetto/trace` of Perfetto 59. What a reader insists on:
//! each packet names its sequence; an event without a time is dropped; texts by number need a
//! sequence that was told to begin anew, and packets that say that they build on it.

use super::form::{Flow, FlowPart, Form, Point, Said, Text, Track, TrackKind, Unit, What};
use super::wire::{fixed, message, number, text};

/// `Trace.packet`.
const PACKET: u32 = 1;

/// Fields of `TracePacket`.
mod packet {
    pub const TIMESTAMP: u32 = 8;
    pub const SEQUENCE: u32 = 10;
    pub const TRACK_EVENT: u32 = 11;
    pub const INTERNED_DATA: u32 = 12;
    pub const SEQUENCE_FLAGS: u32 = 13;
    pub const TRACK_DESCRIPTOR: u32 = 60;
}

/// Values of `TracePacket.sequence_flags`.
mod flags {
    /// What was known by number is known no more.
    pub const CLEARED: u64 = 1;
    /// What is known by number is needed.
    pub const NEEDED: u64 = 2;
}

/// Fields of `TrackDescriptor`, and of what is in it.
mod descriptor {
    pub const UUID: u32 = 1;
    pub const NAME: u32 = 2;
    pub const PROCESS: u32 = 3;
    pub const PARENT: u32 = 5;
    pub const COUNTER: u32 = 8;
    pub const CHILD_ORDERING: u32 = 11;
    pub const RANK: u32 = 12;
    pub const SIBLING_MERGE: u32 = 15;
    /// `ChildTracksOrdering`: by rank.
    pub const EXPLICIT: u64 = 3;
    /// `SiblingMergeBehavior`: tracks of one name stay two.
    pub const APART: u64 = 2;
    /// Of `ProcessDescriptor`.
    pub const PID: u32 = 1;
    pub const PROCESS_NAME: u32 = 6;
    /// Of `CounterDescriptor`, with two of its values.
    pub const UNIT: u32 = 3;
    pub const COUNT: u64 = 2;
    pub const BYTES: u64 = 3;
}

/// Fields of `TrackEvent`, and of what is in it.
mod event {
    pub const ANNOTATION: u32 = 4;
    pub const TYPE: u32 = 9;
    pub const NAME: u32 = 10;
    pub const TRACK: u32 = 11;
    pub const COUNTER_VALUE: u32 = 30;
    pub const FLOW: u32 = 47;
    pub const FLOW_END: u32 = 48;
    /// Values of `TYPE`.
    pub const BEGIN: u64 = 1;
    pub const END: u64 = 2;
    pub const INSTANT: u64 = 3;
    pub const COUNTER: u64 = 4;
    /// Of `DebugAnnotation`.
    pub const KEY: u32 = 10;
    pub const VALUE: u32 = 17;
}

/// Fields of `InternedData`, and of what is in it.
mod interned {
    pub const EVENT_NAMES: u32 = 2;
    pub const ANNOTATION_VALUES: u32 = 29;
    pub const ID: u32 = 1;
    pub const TEXT: u32 = 2;
}

/// The one sequence of the file.
const SEQUENCE: u64 = 1;

/// What was written so far, as far as what follows refers to it.
#[derive(Default)]
pub struct Perfetto {
    /// Which texts are known, as names and as values.
    known: [Vec<bool>; 2],
}

impl Perfetto {
    /// Whether a text has to be told, since it is met for the first time in this use.
    fn is_new(&mut self, id: u32, used_as: usize) -> bool {
        let known = &mut self.known[used_as];
        let id = id as usize;
        if id >= known.len() {
            known.resize(id + 1, false);
        }
        !std::mem::replace(&mut known[id], true)
    }

    fn said(&mut self, out: &mut Vec<u8>, point: &Point<'_>, kind: u64, said: &Said<'_>) {
        let new_name = self.is_new(said.name.id, 0);
        let note = said.note;
        let new_value = note.is_some_and(|(_, value)| self.is_new(value.id, 1));
        message(out, PACKET, |out| {
            head(out, point.time);
            message(out, packet::TRACK_EVENT, |out| {
                number(out, event::TYPE, kind);
                number(out, event::TRACK, point.track);
                number(out, event::NAME, iid(said.name));
                for flow in said.flows.into_iter().flatten() {
                    flow_field(out, flow);
                }
                if let Some((key, value)) = note {
                    message(out, event::ANNOTATION, |out| {
                        text(out, event::KEY, key);
                        number(out, event::VALUE, iid(value));
                    });
                }
            });
            if !new_name && !new_value {
                return;
            }
            message(out, packet::INTERNED_DATA, |out| {
                if new_name {
                    intern(out, interned::EVENT_NAMES, said.name);
                }
                if let Some((_, value)) = note.filter(|_| new_value) {
                    intern(out, interned::ANNOTATION_VALUES, value);
                }
            });
        });
    }
}

/// What every packet with an event begins with.
fn head(out: &mut Vec<u8>, time: u64) {
    number(out, packet::TIMESTAMP, time);
    number(out, packet::SEQUENCE, SEQUENCE);
    number(out, packet::SEQUENCE_FLAGS, flags::NEEDED);
}

/// Numbers of texts begin at 1.
fn iid(text: Text<'_>) -> u64 {
    u64::from(text.id) + 1
}

fn intern(out: &mut Vec<u8>, field: u32, known: Text<'_>) {
    message(out, field, |out| {
        number(out, interned::ID, iid(known));
        text(out, interned::TEXT, known.text);
    });
}

fn flow_field(out: &mut Vec<u8>, flow: Flow) {
    let field = match flow.part {
        FlowPart::Start | FlowPart::Step => event::FLOW,
        FlowPart::End => event::FLOW_END,
    };
    fixed(out, field, flow.id);
}

impl Form for Perfetto {
    fn open(&mut self, out: &mut Vec<u8>) {
        message(out, PACKET, |out| {
            number(out, packet::SEQUENCE, SEQUENCE);
            number(out, packet::SEQUENCE_FLAGS, flags::CLEARED);
        });
    }

    fn track(&mut self, out: &mut Vec<u8>, track: &Track<'_>) {
        message(out, PACKET, |out| {
            number(out, packet::SEQUENCE, SEQUENCE);
            message(out, packet::TRACK_DESCRIPTOR, |out| {
                number(out, descriptor::UUID, track.id);
                if track.parent != 0 {
                    number(out, descriptor::PARENT, track.parent);
                    number(out, descriptor::RANK, u64::from(track.rank));
                    text(out, descriptor::NAME, track.name);
                    number(out, descriptor::SIBLING_MERGE, descriptor::APART);
                }
                match track.kind {
                    TrackKind::Process => message(out, descriptor::PROCESS, |out| {
                        number(out, descriptor::PID, 1);
                        text(out, descriptor::PROCESS_NAME, track.name);
                    }),
                    TrackKind::Slices => {}
                    TrackKind::Counter(unit) => message(out, descriptor::COUNTER, |out| {
                        let unit = match unit {
                            Unit::Count => descriptor::COUNT,
                            Unit::Bytes => descriptor::BYTES,
                        };
                        number(out, descriptor::UNIT, unit);
                    }),
                }
                number(out, descriptor::CHILD_ORDERING, descriptor::EXPLICIT);
            });
        });
    }

    fn point(&mut self, out: &mut Vec<u8>, point: &Point<'_>) {
        match &point.what {
            What::Begin(said) => self.said(out, point, event::BEGIN, said),
            What::Instant(said) => self.said(out, point, event::INSTANT, said),
            What::End => message(out, PACKET, |out| {
                head(out, point.time);
                message(out, packet::TRACK_EVENT, |out| {
                    number(out, event::TYPE, event::END);
                    number(out, event::TRACK, point.track);
                });
            }),
            What::Count(value) => message(out, PACKET, |out| {
                head(out, point.time);
                message(out, packet::TRACK_EVENT, |out| {
                    number(out, event::TYPE, event::COUNTER);
                    number(out, event::TRACK, point.track);
                    number(out, event::COUNTER_VALUE, *value);
                });
            }),
        }
    }

    fn tail(&self) -> &'static [u8] {
        b""
    }
}
