//! A small reader of Perfetto's form, which shares nothing with what wrote it, and the rules
//! that each timeline has to keep.

use std::collections::{HashMap, HashSet};

/// A field: its number, and its value.
pub enum Value<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

/// The fields of a message.
pub fn fields(mut bytes: &[u8]) -> Vec<(u64, Value<'_>)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let value = match tag & 7 {
            0 => Value::Number(varint(&mut bytes)),
            1 => {
                let (word, rest) = bytes.split_first_chunk::<8>().expect("eight bytes");
                bytes = rest;
                Value::Number(u64::from_le_bytes(*word))
            }
            2 => {
                let len = varint(&mut bytes) as usize;
                let (part, rest) = bytes.split_at_checked(len).expect("a whole message");
                bytes = rest;
                Value::Bytes(part)
            }
            other => panic!("a field of kind {other}"),
        };
        found.push((tag >> 3, value));
    }
    found
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().expect("a whole number");
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
    }
    panic!("a number of more than 64 bits")
}

fn numbers(message: &[u8], field: u64) -> Vec<u64> {
    let of_field = |(number, value)| match value {
        Value::Number(value) if number == field => Some(value),
        _ => None,
    };
    fields(message).into_iter().filter_map(of_field).collect()
}

fn number(message: &[u8], field: u64) -> Option<u64> {
    numbers(message, field).first().copied()
}

fn messages(message: &[u8], field: u64) -> Vec<&[u8]> {
    let of_field = |(number, value)| match value {
        Value::Bytes(value) if number == field => Some(value),
        _ => None,
    };
    fields(message).into_iter().filter_map(of_field).collect()
}

fn text(message: &[u8], field: u64) -> Option<String> {
    let bytes = messages(message, field).first().copied()?;
    Some(String::from_utf8(bytes.to_vec()).expect("a text"))
}

/// What a point is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Begin,
    End,
    Instant,
    Counter(u64),
}

/// A point on a track.
#[derive(Clone, Debug)]
pub struct Point {
    pub time: u64,
    pub track: String,
    pub kind: Kind,
    pub name: String,
    pub note: String,
    pub flows: Vec<u64>,
    pub ends: Vec<u64>,
}

/// A timeline that was read, and keeps the rules.
pub struct Timeline {
    pub tracks: Vec<String>,
    pub points: Vec<Point>,
}

impl Timeline {
    /// The names of the points of a kind.
    pub fn named(&self, kind: &Kind) -> Vec<String> {
        let of_kind = self.points.iter().filter(|point| point.kind == *kind);
        of_kind.map(|point| point.name.clone()).collect()
    }

    /// What a counter showed last.
    pub fn counter(&self, track: &str) -> Option<u64> {
        let mut points = self
            .points
            .iter()
            .rev()
            .filter(|point| point.track == track);
        points.find_map(|point| match point.kind {
            Kind::Counter(value) => Some(value),
            _ => None,
        })
    }
}

/// Reads Perfetto's form; `whole` if the run came to its end.
///
/// # Panics
/// If a rule is broken.
pub fn perfetto(bytes: &[u8], whole: bool) -> Timeline {
    let packets = messages(bytes, 1);
    assert_eq!(packets.len(), fields(bytes).len(), "nothing but packets");
    let mut tracks: HashMap<u64, String> = HashMap::new();
    let mut order = Vec::new();
    let (mut names, mut values) = (HashMap::new(), HashMap::new());
    let mut points: Vec<Point> = Vec::new();
    for (index, packet) in packets.into_iter().enumerate() {
        assert_eq!(number(packet, 10), Some(1), "the sequence");
        if index == 0 {
            assert_eq!(number(packet, 13), Some(1), "the state begins anew");
        }
        for interned in messages(packet, 12) {
            for (field, known) in [(2, &mut names), (29, &mut values)] {
                for entry in messages(interned, field) {
                    let id = number(entry, 1).expect("an id");
                    assert_ne!(id, 0);
                    assert!(known.insert(id, text(entry, 2).expect("a text")).is_none());
                }
            }
        }
        for track in messages(packet, 60) {
            let id = number(track, 1).expect("a track's id");
            if let Some(parent) = number(track, 5) {
                assert!(tracks.contains_key(&parent), "a parent comes first");
            }
            let process = messages(track, 3)
                .first()
                .and_then(|process| text(process, 6));
            let name = text(track, 2).or(process).expect("a name");
            order.push(name.clone());
            assert!(tracks.insert(id, name).is_none(), "one track twice");
        }
        for event in messages(packet, 11) {
            assert_eq!(number(packet, 13), Some(2), "the state is needed");
            let kind = match number(event, 9) {
                Some(1) => Kind::Begin,
                Some(2) => Kind::End,
                Some(3) => Kind::Instant,
                Some(4) => Kind::Counter(number(event, 30).expect("a value")),
                other => panic!("an event of type {other:?}"),
            };
            let track = number(event, 11).expect("a track");
            let name = number(event, 10);
            assert_eq!(name.is_some(), matches!(kind, Kind::Begin | Kind::Instant));
            let note = messages(event, 4);
            let note = note.first().map(|note| {
                assert_eq!(text(note, 10).as_deref(), Some("at"));
                values[&number(note, 17).expect("a value")].clone()
            });
            points.push(Point {
                time: number(packet, 8).expect("a time"),
                track: tracks.get(&track).expect("a track that is known").clone(),
                kind,
                name: name.map_or_else(String::new, |name| names[&name].clone()),
                note: note.unwrap_or_default(),
                flows: numbers(event, 47),
                ends: numbers(event, 48),
            });
        }
    }
    let timeline = Timeline {
        tracks: order,
        points,
    };
    keeps_the_rules(&timeline, whole);
    timeline
}

/// Reads Chrome's form.
///
/// # Panics
/// If a rule is broken.
pub fn chrome(text: &str, whole: bool) -> Timeline {
    let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let mut tracks = HashMap::new();
    let mut order = Vec::new();
    let mut points: Vec<Point> = Vec::new();
    for event in json["traceEvents"].as_array().expect("events") {
        let thread = event["tid"].as_u64().expect("a thread");
        let name = event["name"].as_str().unwrap_or_default().to_owned();
        assert_eq!(event["pid"], 1);
        let phase = event["ph"].as_str().expect("a phase");
        if phase == "M" {
            if name != "thread_sort_index" {
                let name = event["args"]["name"].as_str().expect("a name").to_owned();
                order.push(name.clone());
                assert!(tracks.insert(thread, name).is_none());
            }
            continue;
        }
        let time = (event["ts"].as_f64().expect("a time") * 1000.0).round() as u64;
        let kind = match phase {
            "B" => Kind::Begin,
            "E" => Kind::End,
            "i" => Kind::Instant,
            "C" => {
                let values = event["args"].as_object().expect("values");
                tracks.insert(thread, name.clone());
                Kind::Counter(values.values().next().unwrap().as_u64().unwrap())
            }
            // A flow belongs to the point before it.
            _ => {
                let point = points.last_mut().expect("a point");
                assert_eq!((point.time, &point.track), (time, &tracks[&thread]));
                let id = event["id"].as_u64().expect("a flow's id");
                match phase {
                    "s" | "t" => point.flows.push(id),
                    "f" => point.ends.push(id),
                    other => panic!("a phase {other}"),
                }
                continue;
            }
        };
        let note = event["args"]["at"].as_str().unwrap_or_default().to_owned();
        points.push(Point {
            time,
            track: tracks.get(&thread).expect("a thread that is known").clone(),
            kind,
            name,
            note,
            flows: Vec::new(),
            ends: Vec::new(),
        });
    }
    let timeline = Timeline {
        tracks: order,
        points,
    };
    keeps_the_rules(&timeline, whole);
    timeline
}

fn keeps_the_rules(timeline: &Timeline, whole: bool) {
    let times: Vec<u64> = timeline.points.iter().map(|point| point.time).collect();
    assert!(times.is_sorted(), "time goes on");
    let mut open: Vec<&str> = Vec::new();
    let mut depth: HashMap<&str, i32> = HashMap::new();
    let (mut flows, mut over) = (HashSet::new(), HashSet::new());
    for point in &timeline.points {
        let on_track = depth.entry(&point.track).or_default();
        match point.kind {
            Kind::Begin => {
                *on_track += 1;
                open.push(&point.track);
            }
            Kind::End => {
                *on_track -= 1;
                // All slices together are a stack.
                assert_eq!(open.pop(), Some(point.track.as_str()));
            }
            Kind::Instant | Kind::Counter(_) => {}
        }
        assert!(*on_track >= 0, "an end without a begin on {}", point.track);
        for flow in &point.flows {
            assert!(!over.contains(flow), "a flow goes on that is over");
            flows.insert(*flow);
        }
        for flow in &point.ends {
            assert!(flows.contains(flow), "a flow ends that never began");
            over.insert(*flow);
        }
    }
    assert!(!whole || open.is_empty(), "open at the end: {open:?}");
}
