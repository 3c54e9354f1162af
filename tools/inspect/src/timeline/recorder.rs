//! From what a store tells to points on tracks.

use super::chains::{Chains, Living, MOST_DRAWN, Running};
use super::form::{Flow, FlowPart, Form, Point, Said, What};
use super::names::{Names, Verb, short};
use super::sink::Sink;
use super::tracks::{COLLECTIONS, HOST, PROCESS, Tracks};
use mangrove::{
    CollectionKind, Counts, End, Entering, Event, EventKind, FunctionId, PhaseReport, WasmLocation,
};
use std::time::Instant;

/// Nanoseconds between two looks at the counters, where nothing asks for one.
const COUNTERS_EVERY: u64 = 1_000_000;

/// A timeline under way.
pub struct Recorder {
    form: Box<dyn Form>,
    sink: Sink,
    names: Names,
    tracks: Tracks,
    chains: Chains,
    began: Instant,
    /// The time of the last point.
    last: u64,
    /// When the counters were looked at.
    counted: u64,
    next_flow: u64,
    /// Whether a collection's slice is open.
    collecting: bool,
    points: u64,
    limit: u64,
    /// Nothing is recorded any more.
    pub over: bool,
    /// Because of the limit.
    pub truncated: bool,
}

impl Recorder {
    /// One that writes in this form, `limit` bytes or a little more.
    pub fn new(
        mut form: Box<dyn Form>,
        mut sink: Sink,
        title: &str,
        (limit, most_tracks): (u64, u64),
    ) -> Self {
        form.open(sink.buffer());
        let tracks = Tracks::new(&mut *form, sink.buffer(), &short(title), most_tracks);
        sink.flush();
        Self {
            form,
            sink,
            names: Names::default(),
            tracks,
            chains: Chains::default(),
            began: Instant::now(),
            last: 0,
            counted: 0,
            next_flow: 1,
            collecting: false,
            points: 0,
            limit,
            over: false,
            truncated: false,
        }
    }

    /// Writes what was gathered.
    pub fn flush(&mut self) {
        self.sink.flush();
    }

    /// Points so far, and bytes.
    pub fn size(&self) -> (u64, u64) {
        (self.points, self.sink.bytes())
    }

    /// Ends the timeline: what is open ends now.
    ///
    /// # Errors
    /// The first error of writing.
    pub fn finish(&mut self, counts: Option<&Counts>) -> std::io::Result<()> {
        if !self.over {
            self.close_all();
            if let Some(counts) = counts {
                self.count(counts);
            }
            self.over = true;
        }
        self.sink.finish()
    }

    fn now(&mut self) -> u64 {
        self.last = self.last.max(self.began.elapsed().as_nanos() as u64);
        self.last
    }

    fn point(&mut self, track: u64, what: What<'_>) {
        let point = Point {
            time: self.last,
            track,
            what,
        };
        self.form.point(self.sink.buffer(), &point);
        self.points += 1;
        self.sink.event_is_over();
    }

    fn said(
        &mut self,
        track: u64,
        begins: bool,
        name: u32,
        flows: [Option<Flow>; 2],
        note: Option<(&'static str, u32)>,
    ) {
        let said = Said {
            name: self.names.text(name),
            flows,
            note: note.map(|(key, value)| (key, self.names.text(value))),
        };
        let point = Point {
            time: self.last,
            track,
            what: match begins {
                true => What::Begin(said),
                false => What::Instant(said),
            },
        };
        self.form.point(self.sink.buffer(), &point);
        self.points += 1;
        self.sink.event_is_over();
    }

    fn instant(&mut self, track: u64, name: u32, flow: Option<Flow>, at: Option<u32>) {
        let note = at.map(|at| ("at", at));
        self.said(track, false, name, [flow, None], note);
    }

    fn flow(&mut self) -> u64 {
        self.next_flow += 1;
        self.next_flow - 1
    }

    /// Something has happened.
    pub fn hear(&mut self, event: &Event<'_>) {
        if self.over {
            return;
        }
        self.now();
        self.take(event);
        if self.last - self.counted >= COUNTERS_EVERY {
            self.count(&event.counts());
        }
        self.look_at_limit();
    }

    /// A phase of a collection has ended.
    pub fn phase(&mut self, report: &PhaseReport) {
        if self.over || !self.collecting {
            return;
        }
        let before = self.last;
        let now = self.now();
        self.last = before.max(now.saturating_sub(report.ns));
        let name = self.names.of(&report.phase.to_string());
        self.said(COLLECTIONS, true, name, [None; 2], None);
        self.last = now;
        self.point(COLLECTIONS, What::End);
        self.look_at_limit();
    }

    fn look_at_limit(&mut self) {
        if self.sink.failed() {
            self.over = true;
        } else if self.sink.bytes() >= self.limit {
            self.close_all();
            let name = self
                .names
                .of("the timeline ends here: its limit is reached");
            self.instant(PROCESS, name, None, None);
            self.sink.flush();
            (self.over, self.truncated) = (true, true);
        }
    }

    /// Shows what there is.
    pub fn count(&mut self, counts: &Counts) {
        self.counted = self.last;
        for (track, value) in self.tracks.values(counts) {
            self.point(track, What::Count(value));
        }
    }

    fn close_all(&mut self) {
        self.now();
        self.end_collection();
        self.cut(0);
    }

    fn end_collection(&mut self) {
        if std::mem::take(&mut self.collecting) {
            self.point(COLLECTIONS, What::End);
        }
    }

    /// The innermost part of the running chain, from here on, runs no more.
    fn cut(&mut self, stays: usize) {
        while self.chains.running.len() > stays {
            let Some(running) = self.chains.running.pop() else {
                return;
            };
            let track = self.track_of(running.id);
            for open in [running.waits, running.open] {
                if open {
                    self.point(track, What::End);
                }
            }
        }
    }

    /// The innermost continuation goes on: what it waited for is over.
    fn goes_on(&mut self) {
        let Some(at) = self.chains.running.len().checked_sub(1) else {
            return;
        };
        let running = self.chains.running[at];
        if running.waits {
            self.chains.running[at].waits = false;
            let track = self.track_of(running.id);
            self.point(track, What::End);
        }
        if !running.open {
            self.draw(at, None);
        }
    }

    fn track_of(&self, id: u32) -> u64 {
        let living = self.chains.living.get(&id);
        living.map_or(HOST, |living| living.track)
    }

    /// Opens the slice of a continuation on the running chain.
    fn draw(&mut self, at: usize, flow: Option<Flow>) {
        let running = &mut self.chains.running[at];
        running.open = true;
        let Some(living) = self.chains.living.get_mut(&running.id) else {
            running.open = false;
            return;
        };
        let (track, name) = (living.track, living.name);
        let made = std::mem::take(&mut living.made);
        let made = (made != 0).then_some(Flow {
            id: made,
            part: FlowPart::End,
        });
        self.said(track, true, name, [flow, made], None);
    }

    /// Puts a chain onto the running one, to which an arrow leads.
    fn enter(&mut self, chain: &[u32], mut base: bool, flow: u64) {
        let drawn = chain.len().saturating_sub(MOST_DRAWN);
        for (index, &id) in chain.iter().enumerate() {
            let at = self.chains.running.len();
            self.chains.running.push(Running {
                id,
                open: false,
                waits: false,
                base: std::mem::take(&mut base),
                flow,
            });
            if index >= drawn {
                let innermost = index + 1 == chain.len();
                let flow = innermost.then_some(Flow {
                    id: flow,
                    part: FlowPart::Step,
                });
                self.draw(at, flow.filter(|flow| flow.id != 0));
            }
        }
    }

    /// One that was there before anything was told is made known.
    fn meet(&mut self, event: &Event<'_>, id: u32, function: FunctionId) {
        if !self.chains.living.contains_key(&id) {
            self.settle(event, id, function, None);
        }
    }

    /// Gives a continuation a track.
    fn settle(
        &mut self,
        event: &Event<'_>,
        id: u32,
        function: FunctionId,
        at: Option<WasmLocation>,
    ) {
        let name = self.names.function(event, Verb::Is, function);
        let at_name = at.map(|at| self.names.place(event, at));
        let track = self.tracks.of_continuation(
            (&mut *self.form, self.sink.buffer()),
            (id, function),
            at,
            (&self.names, name, at_name),
        );
        self.chains.living.insert(
            id,
            Living {
                track: track.id,
                own: track.own,
                name,
                made: 0,
            },
        );
    }

    fn take(&mut self, event: &Event<'_>) {
        match *event.kind() {
            EventKind::Called {
                continuation,
                function,
            } => self.called(event, continuation, function),
            EventKind::Made {
                continuation,
                function,
                by,
                at,
                ..
            } => {
                self.settle(event, continuation, function, at);
                let flow = self.flow();
                if let Some(living) = self.chains.living.get_mut(&continuation) {
                    living.made = flow;
                }
                let track = by.map_or(HOST, |by| self.track_of(by));
                let name = self.names.function(event, Verb::New, function);
                self.start(event, track, name, flow, at);
            }
            EventKind::Resumed { .. } => self.resumed(event),
            EventKind::Suspended {
                continuation,
                to,
                tag,
                at,
            } => self.suspended(event, continuation, to, tag, at),
            EventKind::Switched { .. } => self.switched(event),
            EventKind::Ended { continuation, end } => self.ended(continuation, end),
            EventKind::Thrown {
                continuation,
                tag,
                at,
            } => {
                let name = self.names.tag(event, Verb::Throw, tag);
                self.at(event, continuation, name, at);
            }
            EventKind::Trapped {
                continuation,
                at,
                ref reason,
            } => {
                let name = self.names.of(&format!("trap: {}", short(reason)));
                self.at(event, continuation.unwrap_or(u32::MAX), name, at);
            }
            EventKind::Parked { continuation, .. } => self.alone(continuation, "parked"),
            EventKind::Unparked { continuation, .. } => self.alone(continuation, "unparked"),
            EventKind::Deadline { continuation, at } => {
                let name = self.names.of("deadline");
                self.at(event, continuation, name, at);
            }
            EventKind::Entered { continuation, at } => {
                let name = self.names.of("entry");
                self.at(event, continuation, name, Some(at));
            }
            EventKind::Reached { continuation, at } => {
                let name = self.names.of("reached");
                self.at(event, continuation, name, Some(at));
            }
            EventKind::Collection { kind, .. } => self.collection(event, kind),
            EventKind::Collected(_) => {
                self.end_collection();
                self.count(&event.counts());
            }
            EventKind::HeapGrown { .. } => self.count(&event.counts()),
            _ => {}
        }
    }

    /// An instant that an arrow begins at.
    fn start(
        &mut self,
        event: &Event<'_>,
        track: u64,
        name: u32,
        flow: u64,
        at: Option<WasmLocation>,
    ) {
        let at = at.map(|at| self.names.place(event, at));
        let flow = Flow {
            id: flow,
            part: FlowPart::Start,
        };
        self.instant(track, name, Some(flow), at);
    }

    /// An instant in a continuation.
    fn at(&mut self, event: &Event<'_>, id: u32, name: u32, at: Option<WasmLocation>) {
        let (track, at) = (self.track_of(id), at.map(|at| self.names.place(event, at)));
        self.instant(track, name, None, at);
    }

    /// An instant of one continuation, if it has a track of its own.
    fn alone(&mut self, id: u32, what: &str) {
        if let Some(living) = self.chains.living.get(&id).copied().filter(|l| l.own) {
            let name = self.names.of(what);
            self.instant(living.track, name, None, None);
        }
    }

    fn called(&mut self, event: &Event<'_>, id: u32, function: FunctionId) {
        let out = self.sink.buffer();
        let track = self.tracks.of_calls(&mut *self.form, out, id);
        let name = self.names.function(event, Verb::Is, function);
        let living = Living {
            track,
            own: false,
            name,
            made: 0,
        };
        self.chains.living.insert(id, living);
        self.enter(&[id], true, 0);
    }

    fn resumed(&mut self, event: &Event<'_>) {
        let EventKind::Resumed {
            continuation,
            by,
            entering,
            at,
            function,
            ..
        } = *event.kind()
        else {
            return;
        };
        self.meet(event, continuation, function);
        let flow = self.flow();
        let verb = match entering {
            Entering::Resume => Verb::Resume,
            Entering::Throw => Verb::ResumeThrow,
        };
        let name = self.names.function(event, verb, function);
        match (by, self.chains.running.last_mut()) {
            (Some(by), Some(running)) if running.id == by => {
                // It waits, and the arrow begins there.
                running.waits = true;
                let note = at.map(|at| ("at", self.names.place(event, at)));
                let start = Flow {
                    id: flow,
                    part: FlowPart::Start,
                };
                let track = self.track_of(by);
                self.said(track, true, name, [Some(start), None], note);
            }
            _ => self.start(event, HOST, name, flow, at),
        }
        let chain = self.chains.take(continuation);
        self.enter(&chain, by.is_none(), flow);
    }

    fn suspended(
        &mut self,
        event: &Event<'_>,
        id: u32,
        to: Option<u32>,
        tag: Option<u32>,
        at: Option<WasmLocation>,
    ) {
        let stays = self.chains.cut_at(to);
        let name = match tag {
            Some(tag) => self.names.tag(event, Verb::Suspend, tag),
            None => self.names.of("interrupted"),
        };
        let flow = self.chains.running.get(stays).map_or(0, |first| first.flow);
        let flow = (flow != 0).then_some(Flow {
            id: flow,
            part: FlowPart::End,
        });
        let (track, at) = (self.track_of(id), at.map(|at| self.names.place(event, at)));
        self.instant(track, name, flow, at);
        self.chains.keep_from(stays);
        self.cut(stays);
        if to.is_some() {
            self.goes_on();
        }
    }

    fn switched(&mut self, event: &Event<'_>) {
        let EventKind::Switched {
            from,
            continuation,
            handler,
            tag,
            at,
            function,
            ..
        } = *event.kind()
        else {
            return;
        };
        self.meet(event, continuation, function);
        let flow = self.flow();
        let name = self.names.tag(event, Verb::Switch, tag);
        let track = self.track_of(from);
        self.start(event, track, name, flow, at);
        let stays = self.chains.cut_at(handler);
        self.chains.keep_from(stays);
        self.cut(stays);
        let chain = self.chains.take(continuation);
        self.enter(&chain, handler.is_none(), flow);
    }

    fn ended(&mut self, id: u32, end: End) {
        let running = self.chains.running.last().copied();
        if let Some(running) = running.filter(|running| running.id == id) {
            if let Some(name) = match end {
                End::Thrown => Some("thrown out of"),
                End::Trapped => Some("ended by a trap"),
                End::Returned | End::Collected => None,
            } {
                let (track, name) = (self.track_of(id), self.names.of(name));
                self.instant(track, name, None, None);
            }
            self.cut(self.chains.running.len() - 1);
            if !running.base {
                self.goes_on();
            }
        } else if end == End::Collected {
            self.alone(id, "collected");
        }
        self.chains.forget(id);
    }

    fn collection(&mut self, event: &Event<'_>, kind: CollectionKind) {
        self.end_collection();
        self.count(&event.counts());
        let name = self.names.of(match kind {
            CollectionKind::Minor => "minor collection",
            CollectionKind::Full => "full collection",
        });
        self.said(COLLECTIONS, true, name, [None; 2], None);
        self.collecting = true;
    }
}
