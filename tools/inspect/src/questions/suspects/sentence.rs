//! Causes as sentences.

use super::suspect::{Cause, Holder, Suspect};
use crate::Snapshot;
use crate::questions::Spread;
use crate::snapshot::{At, Kind, Node, NodeId, State};
use std::fmt::Write as _;

impl Suspect {
    /// The cause as a sentence, names made printable.
    pub fn sentence(&self, snapshot: &Snapshot) -> String {
        let mut text = cause(snapshot, &self.cause);
        let _ = write!(
            text,
            " ({}, {} of all)",
            bytes_text(self.retained),
            percent(self.share)
        );
        let amount = |grown: i64| number(grown.unsigned_abs());
        match (&self.cause, self.grown) {
            (Cause::Grows { .. }, _) | (_, None) => {}
            (Cause::Waiting { .. }, Some(0)) => text.push_str("; as many as before"),
            (Cause::Waiting { .. }, Some(grown)) => {
                let word = if grown > 0 { "more" } else { "fewer" };
                let _ = write!(text, "; {} {word} than before", amount(grown));
            }
            (_, Some(0)) => text.push_str("; none of its objects is new"),
            (_, Some(grown)) => {
                let _ = write!(text, "; {} of its objects are new", amount(grown));
            }
        }
        if let Cause::Waiting {
            still: Some(still), ..
        } = &self.cause
            && *still > 0
        {
            let _ = write!(text, "; {} stand where they stood", number(*still));
        }
        text
    }
}

fn cause(snapshot: &Snapshot, cause: &Cause) -> String {
    match cause {
        Cause::Waiting {
            origin,
            state,
            stack,
            members,
            age,
            holders,
            ..
        } => {
            let what = Waiting {
                origin: *origin,
                state: *state,
                stack: *stack,
            };
            waiting(snapshot, &what, members.len() as u64, *age, holders)
        }
        Cause::Accumulates { node, root, of } => {
            let held = match of {
                Some((ty, count)) => format!(
                    "{}, and all that hangs on them",
                    objects(*count, &snapshot.type_name(*ty))
                ),
                None => "what nothing else does".to_owned(),
            };
            let through = through(snapshot, *node, *root);
            format!("{} holds {held}{through}", snapshot.title(*root))
        }
        Cause::Grows {
            ty,
            before,
            after,
            holders,
        } => {
            let ty = snapshot.type_name(*ty);
            let what = format!("{} of {ty}, {} before", number(*after), number(*before));
            by_holders(snapshot, &what, *after, holders)
        }
        Cause::Frame {
            frame,
            at,
            to,
            alike,
        } => in_frame(snapshot, *frame, *at, *to, *alike),
        Cause::Cycle {
            nodes,
            holder,
            alike,
        } => cycle(snapshot, nodes, *holder, *alike),
        Cause::Forgotten { heads } => {
            let verb = if heads.len() == 1 { "is" } else { "are" };
            let heads = continuations(heads.len() as u64);
            format!(
                "{heads} {verb} reached from no root, and not ended yet: \
                 the next full collection does that"
            )
        }
    }
}

struct Waiting {
    origin: u32,
    state: State,
    stack: u32,
}

fn waiting(
    snapshot: &Snapshot,
    what: &Waiting,
    count: u64,
    age: Spread,
    holders: &[Holder],
) -> String {
    let names = snapshot.names();
    let mut who = continuations(count);
    if let Some(origin) = names.origins.get(what.origin as usize) {
        let _ = write!(who, " of {}", snapshot.function_name(origin.function));
        if let Some(maker) = origin.maker {
            let place = snapshot.place_text(maker, origin.offset, origin.line.as_ref());
            let _ = write!(who, ", made in {place}");
        }
    }
    let where_ = match (what.state, names.stacks.get(what.stack as usize)) {
        (State::Fresh, _) => "never resumed".to_owned(),
        (_, Some(sites)) if !sites.is_empty() => {
            format!("suspended in {}", snapshot.site_text(sites[0]))
        }
        _ => "suspended".to_owned(),
    };
    let mut text = by_holders(snapshot, &format!("{who}, {where_}"), count, holders);
    if age.max == 0 && snapshot.about().full_collections > 0 {
        text.push_str(", made since the last full collection");
    } else if age.max > 0 {
        let word = if age.max == 1 {
            "collection"
        } else {
            "collections"
        };
        let from = match age.min == age.max {
            true => String::new(),
            false => format!("{} to ", number(age.min)),
        };
        let _ = write!(text, ", {from}{} full {word} old", number(age.max));
    }
    text
}

/// Who holds what, as a sentence.
fn by_holders(snapshot: &Snapshot, what: &str, count: u64, holders: &[Holder]) -> String {
    let mut text = match holders {
        [one] if one.node != NodeId::ROOTS => {
            let through = through(snapshot, one.node, one.root);
            return format!("{} holds {what}{through}", snapshot.title(one.root));
        }
        [_] => return format!("{what}, {} by several roots each", held(count)),
        _ => format!("{what}, {} by ", held(count)),
    };
    for (index, holder) in holders.iter().enumerate() {
        let title = match holder.node {
            NodeId::ROOTS => "several roots each".to_owned(),
            _ => snapshot.title(holder.root) + &through(snapshot, holder.node, holder.root),
        };
        let comma = if index > 0 { ", " } else { "" };
        let _ = write!(text, "{comma}{title} ({})", number(holder.count));
    }
    text
}

fn held(count: u64) -> &'static str {
    if count == 1 { "is held" } else { "are held" }
}

/// What a root holds something through, if that is another node.
fn through(snapshot: &Snapshot, node: NodeId, root: NodeId) -> String {
    match node == root {
        true => String::new(),
        false => format!(", through {}", snapshot.title(node)),
    }
}

fn in_frame(snapshot: &Snapshot, frame: NodeId, at: At, to: NodeId, alike: u64) -> String {
    let row = snapshot.nodes().frame(frame);
    let site = row.map_or_else(String::new, |row| snapshot.site_text(row.site));
    let slot = slot_text(snapshot, frame, at);
    let to = snapshot.title(to);
    let whose = frame_of(snapshot, frame);
    let row = row.and_then(|row| snapshot.nodes().continuation(row.continuation));
    let state = row.map_or(State::Suspended, |row| row.state);
    if alike > 1 {
        let frames = match state {
            State::Running | State::Parent => "frames of what runs",
            State::Suspended | State::Fresh => "suspended frames",
        };
        return format!(
            "{slot} of {site} keeps {to} and the like alive in {} {frames}, most in {whose}",
            number(alike),
        );
    }
    let while_ = match state {
        State::Running => "runs",
        State::Parent => "waits for what it has resumed",
        State::Suspended | State::Fresh => "is suspended",
    };
    format!("{slot} of {site} keeps {to} alive while {whose} {while_}")
}

/// `continuation 7 of $worker`: whose a frame is.
fn frame_of(snapshot: &Snapshot, frame: NodeId) -> String {
    match snapshot.nodes().get(frame) {
        Node::Frame(row) => snapshot.title(row.continuation),
        _ => snapshot.title(frame),
    }
}

/// What of the program a slot holds, or where it is.
fn slot_text(snapshot: &Snapshot, frame: NodeId, at: At) -> String {
    let names = snapshot.names();
    let site = snapshot.nodes().frame(frame);
    let site = site.and_then(|row| names.sites.get(row.site as usize));
    let slot = match at {
        At::Slot(index) => site.and_then(|site| site.slots.get(index as usize)),
        _ => None,
    };
    match slot.and_then(|slot| slot.holds.first()) {
        Some(holds) => holds.text(),
        None => format!("slot {}", snapshot.place_name(frame, at)),
    }
}

fn cycle(snapshot: &Snapshot, nodes: &[NodeId], holder: Option<NodeId>, alike: u64) -> String {
    // Frames tell nothing that their continuations do not.
    let kinds = snapshot.nodes();
    let shown = nodes
        .iter()
        .filter(|&&node| kinds.kind(node) != Kind::Frame)
        .map(|&node| snapshot.title(node));
    let shown: Vec<String> = shown.collect();
    let mut text = match &shown[..] {
        [one] => format!("{one} refers to itself"),
        [one, other] => format!("{one} and {other} refer to each other"),
        [one, .., last] => format!(
            "{one} refers to itself through {} others, {last} the last of them",
            number(shown.len() as u64 - 1)
        ),
        [] => "a cycle".to_owned(),
    };
    if alike > 1 {
        let _ = write!(text, ", as in {} cycles in all", number(alike));
    }
    match holder {
        Some(holder) => {
            let _ = write!(text, ", held by {}", snapshot.title(holder));
        }
        None => text.push_str(", held by several roots"),
    }
    text
}

fn continuations(count: u64) -> String {
    match count {
        1 => "1 continuation".to_owned(),
        _ => format!("{} continuations", number(count)),
    }
}

fn objects(count: u64, ty: &str) -> String {
    match count {
        1 => format!("1 object of {ty}"),
        _ => format!("{} objects of {ty}", number(count)),
    }
}

/// A number with a comma between thousands.
fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes, to two digits or three: `512 bytes`, `3.2 MB`, `41 kB`.
/// A number of bytes: `264 bytes`, `9.8 kB`, `40 MB`.
pub(crate) fn bytes_text(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(value < 9.95);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// A share of all, from 0 to 1: `43%`.
pub(crate) fn percent(share: f64) -> String {
    match share * 100.0 {
        part if part < 0.1 => "less than 0.1%".to_owned(),
        part if part < 9.95 => format!("{part:.1}%"),
        part => format!("{part:.0}%"),
    }
}
