//! A request, and what is answered.

use super::ITEMS;
use super::lines::Lines;
use super::window::{NoMoment, Window};
use crate::Snapshot;
use crate::faces::{Asked as Answers, View, json};
use crate::questions::{Gone, NodeName};
use crate::snapshot::Kind;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most items of a list, whatever is asked for.
const MOST: usize = 100_000;
/// Seconds for which somebody waits, or lets the program stand still, at the most.
const LONGEST: f64 = 600.0;

/// An answer.
pub(super) enum Reply {
    Ok(Value),
    /// Its kind, and what it says.
    Error(&'static str, String),
    /// A moment to be sent.
    File(Arc<Snapshot>),
    Bye,
}

/// A request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    id: Option<Value>,
    ask: String,
    moment: Option<u32>,
    since: Option<u32>,
    node: Option<String>,
    ways: Option<u32>,
    depth: Option<u32>,
    most: Option<usize>,
    wait: Option<f64>,
    seconds: Option<f64>,
    #[serde(default)]
    follow: bool,
}

/// Somebody who has asked.
pub(super) struct Asked<'a> {
    pub(super) window: &'a Window,
    pub(super) raise: &'a dyn Fn(),
    pub(super) client: u64,
    pub(super) lines: &'a mut Lines,
}

type Answered = Result<Reply, (&'static str, String)>;

impl Asked<'_> {
    /// Answers a line: its `id`, and the answer.
    pub(super) fn answer(&mut self, line: &[u8]) -> (Option<Value>, Reply) {
        let request: Request = match serde_json::from_slice(line) {
            Ok(request) => request,
            Err(error) => return (None, Reply::Error("syntax", error.to_string())),
        };
        let id = match &request.id {
            None => None,
            Some(Value::Number(_)) => request.id.clone(),
            Some(Value::String(text)) if text.len() <= 64 => request.id.clone(),
            Some(_) => {
                let message = "an id is a number or a short text".to_owned();
                return (None, Reply::Error("syntax", message));
            }
        };
        let reply = self.reply(&request);
        (
            id,
            reply.unwrap_or_else(|(kind, message)| Reply::Error(kind, message)),
        )
    }

    fn reply(&mut self, request: &Request) -> Answered {
        match request.ask.as_str() {
            "moments" => {
                let kept = self.window.kept();
                let all: Vec<Value> = kept.iter().map(|one| moment(one)).collect();
                Ok(Reply::Ok(json!({ "moments": all })))
            }
            "snapshot" => self.take(request, None),
            "stop" => {
                let time = seconds(request.seconds, 60.0);
                self.take(request, Some((self.client, Instant::now() + time)))
            }
            "go on" => {
                self.window.release(self.client);
                Ok(Reply::Ok(json!({})))
            }
            "file" => self.kept(request.moment).map(Reply::File),
            "bye" => Ok(Reply::Bye),
            _ => self.view(request),
        }
    }

    fn take(&mut self, request: &Request, hold: Option<(u64, Instant)>) -> Answered {
        let wait = seconds(request.wait, 10.0);
        let lines = &mut *self.lines;
        let mut gone = || lines.closed();
        let taken = self
            .window
            .ask(request.follow, wait, hold, self.raise, &mut gone);
        match taken {
            Ok(snapshot) => Ok(Reply::Ok(json!({ "moment": moment(&snapshot) }))),
            Err(NoMoment::Time) => Err((
                "time",
                "the program came to no place where it could be looked at".to_owned(),
            )),
            Err(NoMoment::Store(error)) => Err(("store", error)),
            Err(NoMoment::Over) => Err(("over", "the program has ended".to_owned())),
            Err(NoMoment::Gone) => Ok(Reply::Bye),
        }
    }

    /// A moment that is kept: the one with this number, or the newest.
    fn kept(&self, number: Option<u32>) -> Result<Arc<Snapshot>, (&'static str, String)> {
        let kept = self.window.kept();
        let found = match number {
            None => kept.last(),
            Some(number) => kept.iter().find(|one| one.about().number == number),
        };
        found.cloned().ok_or_else(|| {
            let message = match (number, kept.is_empty()) {
                (_, true) => "no moment was taken yet: ask for a snapshot".to_owned(),
                (Some(number), _) => format!("moment {number} is not kept"),
                (None, _) => "no moment is kept".to_owned(),
            };
            ("unknown", message)
        })
    }

    fn view(&self, request: &Request) -> Answered {
        let snapshot = self.kept(request.moment)?;
        let node = || {
            let name = request.node.as_deref().unwrap_or_default();
            let name: NodeName = name.parse().map_err(unknown)?;
            name.find(&snapshot).map_err(unknown)
        };
        let view = match request.ask.as_str() {
            "summary" => View::Summary,
            "roots" => View::Roots,
            "stacks" => View::Stacks(None),
            "shapes" => View::Shapes,
            "types" => View::Types,
            "suspects" => View::Suspects,
            "diff" => View::Diff,
            "why" => View::Why {
                node: node()?,
                ways: request.ways.unwrap_or(1).clamp(1, 100) as usize,
            },
            "open" => View::Open {
                node: node()?,
                depth: request.depth.unwrap_or(3).min(100),
            },
            "drop" => View::Dropped(vec![Gone::Node(node()?)]),
            other => {
                let shown = mangrove::printable(other);
                return Err(("unknown", format!("`{shown}` is no question")));
            }
        };
        let most = request.most.unwrap_or(ITEMS).min(MOST);
        if view != View::Diff {
            return document(&Answers::new(&snapshot), &view, most);
        }
        let Some(since) = request.since else {
            let message = "a diff says since which moment".to_owned();
            return Err(("syntax", message));
        };
        let before = self.kept(Some(since))?;
        document(&Answers::since(&snapshot, &before), &view, most)
    }
}

fn unknown(error: impl std::fmt::Display) -> (&'static str, String) {
    ("unknown", error.to_string())
}

fn document(asked: &Answers<'_>, view: &View, most: usize) -> Answered {
    let mut text = Vec::new();
    json::write(asked, view, most, &mut text).map_err(unknown)?;
    let document = serde_json::from_slice(&text);
    document
        .map(Reply::Ok)
        .map_err(|error| ("store", error.to_string()))
}

/// So many seconds, within reason.
fn seconds(wanted: Option<f64>, usual: f64) -> Duration {
    let wanted = wanted.filter(|wanted| wanted.is_finite());
    Duration::from_secs_f64(wanted.unwrap_or(usual).clamp(0.0, LONGEST))
}

/// A moment in short.
fn moment(snapshot: &Snapshot) -> Value {
    let (about, nodes) = (snapshot.about(), snapshot.nodes());
    json!({
        "number": about.number,
        "moment": about.moment,
        "seconds": about.seconds,
        "continuations": nodes.of(Kind::Continuation).count(),
        "objects": nodes.of(Kind::Object).count(),
        "nodes": nodes.len() - 1,
        "heap_used": about.heap_used,
        "collections": about.minor_collections + about.full_collections,
    })
}
