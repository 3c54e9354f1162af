//! Chrome's JSON: an object with a list of events. Tracks are threads of one process.
//!
//! A flow is an event of its own. Readers tie it to the slice that begins at the same time on
//! the same thread, so it follows that, with the same category.

use super::form::{FlowPart, Form, Point, Said, Track, TrackKind, Unit, What};
use std::collections::HashMap;
use std::io::Write;

/// The category of all events.
const CATEGORY: &str = "mangrove";

/// What was written so far, as far as what follows refers to it.
#[derive(Default)]
pub struct Chrome {
    /// Whether there is an event before.
    begun: bool,
    /// Names of counters, as JSON, and what they count.
    counters: HashMap<u64, (String, &'static str)>,
    /// Texts as JSON, by number.
    texts: Vec<Option<String>>,
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    // A string always is.
    serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned())
}

/// Writes to memory, which does not fail.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => {
        let _ = write!($out, $($arg)*);
    };
}

impl Chrome {
    /// An event begins: everything up to what is special of its kind.
    fn event(&mut self, out: &mut Vec<u8>, phase: char, point: &Point<'_>) {
        self.separate(out);
        // Microseconds.
        let (whole, part) = (point.time / 1000, point.time % 1000);
        put!(
            out,
            r#"{{"ph":"{phase}","pid":1,"tid":{},"ts":{whole}.{part:03}"#,
            point.track
        );
    }

    fn separate(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            out.extend(b",\n");
        }
    }

    fn text(&mut self, known: super::form::Text<'_>) -> &str {
        let id = known.id as usize;
        if id >= self.texts.len() {
            self.texts.resize(id + 1, None);
        }
        self.texts[id].get_or_insert_with(|| quoted(known.text))
    }

    fn said(&mut self, out: &mut Vec<u8>, phase: char, point: &Point<'_>, said: &Said<'_>) {
        self.event(out, phase, point);
        let name = self.text(said.name);
        put!(out, r#","cat":"{CATEGORY}","name":{name}"#);
        if phase == 'i' {
            put!(out, r#","s":"t""#);
        }
        if let Some((key, value)) = said.note {
            let value = self.text(value);
            put!(out, r#","args":{{"{key}":{value}}}"#);
        }
        out.push(b'}');
        for flow in said.flows.into_iter().flatten() {
            let (phase, binds) = match flow.part {
                FlowPart::Start => ('s', ""),
                FlowPart::Step => ('t', r#","bp":"e""#),
                FlowPart::End => ('f', r#","bp":"e""#),
            };
            self.event(out, phase, point);
            put!(
                out,
                r#","cat":"{CATEGORY}","name":"flow","id":{}{binds}}}"#,
                flow.id
            );
        }
    }

    fn metadata(&mut self, out: &mut Vec<u8>, what: &str, track: u64, args: &str) {
        self.separate(out);
        put!(
            out,
            r#"{{"ph":"M","pid":1,"tid":{track},"name":"{what}","args":{{{args}}}}}"#
        );
    }
}

impl Form for Chrome {
    fn open(&mut self, out: &mut Vec<u8>) {
        out.extend(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
    }

    fn track(&mut self, out: &mut Vec<u8>, track: &Track<'_>) {
        let name = quoted(track.name);
        match track.kind {
            TrackKind::Process => {
                self.metadata(out, "process_name", track.id, &format!(r#""name":{name}"#));
            }
            TrackKind::Slices => {
                self.metadata(out, "thread_name", track.id, &format!(r#""name":{name}"#));
                let index = format!(r#""sort_index":{}"#, track.id);
                self.metadata(out, "thread_sort_index", track.id, &index);
            }
            TrackKind::Counter(unit) => {
                let unit = match unit {
                    Unit::Count => "count",
                    Unit::Bytes => "bytes",
                };
                self.counters.insert(track.id, (name, unit));
            }
        }
    }

    fn point(&mut self, out: &mut Vec<u8>, point: &Point<'_>) {
        match &point.what {
            What::Begin(said) => self.said(out, 'B', point, said),
            What::Instant(said) => self.said(out, 'i', point, said),
            What::End => {
                self.event(out, 'E', point);
                out.push(b'}');
            }
            What::Count(value) => {
                self.event(out, 'C', point);
                if let Some((name, unit)) = self.counters.get(&point.track) {
                    put!(out, r#","name":{name},"args":{{"{unit}":{value}}}"#);
                }
                out.push(b'}');
            }
        }
    }

    fn tail(&self) -> &'static [u8] {
        b"\n]}\n"
    }
}
