//! What is shown, and what keys do to it. Knows no terminal: it takes keys and sizes, and is drawn by
//! [`super::draw`].

use super::answers::Answers;
use super::asking::{Answer, Asking, Question};
use super::history::History;
use super::keys::Key;
use super::rows::{self, Row};
use super::source::{Progress, Source, Until};
use super::views::{self, Known, View};
use crate::Snapshot;
use crate::snapshot::NodeId;
use std::sync::Arc;

/// Keys that wait for an answer at most.
const AHEAD: usize = 1000;

/// A list that is shown, and where one is in it.
#[derive(Clone, Debug)]
pub struct Pane {
    pub view: View,
    pub selected: usize,
    /// The first line that is visible.
    pub top: usize,
}

impl Pane {
    fn of(view: View) -> Self {
        Self {
            view,
            selected: 0,
            top: 0,
        }
    }
}

/// What keys mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To move and open.
    Browse,
    /// A text is typed.
    Search(String),
    /// Help is shown.
    Help,
}

/// What needs an answer that has not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Why(NodeId),
    Dominated(NodeId),
}

/// All that is shown.
pub struct App<'a> {
    source: &'a mut dyn Source,
    history: History,
    answers: Answers,
    asking: Asking,
    /// Keys that wait for an answer.
    ahead: Vec<Key>,
    roots: Vec<NodeId>,
    /// Continuations and objects.
    counts: (u64, u64),
    /// By tab: its lists, each opened from the one before.
    tabs: [Vec<Pane>; 4],
    tab: usize,
    mode: Mode,
    /// Where the program is to stop, while it runs.
    running: Option<Until>,
    /// Why nothing more comes.
    over: Option<String>,
    wanted: Option<Wanted>,
    message: String,
    /// Lines of the list that are visible.
    height: usize,
    quit: bool,
}

impl std::fmt::Debug for App<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("tab", &self.tab)
            .finish_non_exhaustive()
    }
}

impl<'a> App<'a> {
    /// Before the first moment. Earlier ones may take `most` bytes together.
    pub fn new(source: &'a mut dyn Source, most: u64) -> Self {
        let most = if source.keeps() { u64::MAX } else { most };
        Self {
            source,
            history: History::new(most),
            answers: Answers::default(),
            asking: Asking::new(),
            ahead: Vec::new(),
            roots: Vec::new(),
            counts: (0, 0),
            tabs: [View::Stacks, View::Roots, View::Types, View::Suspects]
                .map(|view| vec![Pane::of(view)]),
            tab: 0,
            mode: Mode::Browse,
            running: None,
            over: None,
            wanted: None,
            message: String::new(),
            height: 1,
            quit: false,
        }
    }

    /// The snapshot that is shown; none before the first moment.
    pub fn snapshot(&self) -> Option<&Arc<Snapshot>> {
        self.history.current()
    }

    /// What lines are made of; nothing before the first moment.
    pub fn known(&self) -> Option<Known<'_>> {
        Some(Known {
            snapshot: self.history.current()?,
            answers: &self.answers,
            roots: &self.roots,
        })
    }

    /// How many continuations and objects there are.
    pub fn counts(&self) -> (u64, u64) {
        self.counts
    }

    pub fn history(&self) -> &History {
        &self.history
    }

    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// What is being found out because a key asked for it.
    pub fn asked(&self) -> Option<String> {
        self.asking.status()
    }

    pub fn running(&self) -> Option<Until> {
        self.running
    }

    /// What the source does, if it runs no program.
    pub fn doing(&self) -> Option<String> {
        self.source.doing()
    }

    /// Why there is nothing more, if that is known.
    pub fn over(&self) -> Option<&str> {
        self.over.as_deref()
    }

    /// Whether to end.
    pub fn quits(&self) -> bool {
        self.quit
    }

    pub fn tab(&self) -> usize {
        self.tab
    }

    /// The lists of the tab, each opened from the one before. There is one at least.
    pub fn panes(&self) -> &[Pane] {
        &self.tabs[self.tab]
    }

    /// The list that is shown.
    pub fn pane(&self) -> &Pane {
        // A tab's first list is never closed.
        &self.tabs[self.tab][self.tabs[self.tab].len() - 1]
    }

    fn pane_mut(&mut self) -> &mut Pane {
        let panes = &mut self.tabs[self.tab];
        let last = panes.len() - 1;
        &mut panes[last]
    }

    /// How many lines the list has; none if that is not known yet.
    pub fn len(&self) -> Option<usize> {
        self.pane().view.len(self.known()?)
    }

    /// A line of the list.
    pub fn row(&self, index: usize) -> Row {
        self.known()
            .map_or_else(Row::default, |known| self.pane().view.row(known, index))
    }

    /// The node on the selected line.
    pub fn selected(&self) -> Option<NodeId> {
        self.row(self.pane().selected).node
    }

    /// So many lines of the list are visible: the selected one is among them.
    pub fn fit(&mut self, height: usize) {
        self.height = height.max(1);
        let (height, len) = (self.height, self.len().unwrap_or(0));
        let pane = self.pane_mut();
        pane.selected = pane.selected.min(len.saturating_sub(1));
        let lowest = (pane.selected + 1).saturating_sub(height);
        pane.top = pane.top.clamp(lowest, pane.selected);
    }

    /// Looks whether the source or an answer has something new. Tells whether it has.
    pub fn tick(&mut self) -> bool {
        let mut new = self.answers.poll();
        if let Some(answer) = self.asking.poll() {
            self.take(answer);
            new = true;
        }
        // How far it is.
        new |= self.asking.waits();
        if self.running.is_some() {
            match self.source.poll() {
                Progress::Running => {}
                Progress::Stopped(snapshot) => {
                    self.running = None;
                    self.history.add(snapshot);
                    self.arrive();
                    new = true;
                }
                Progress::Over(text) => {
                    self.running = None;
                    self.message.clone_from(&text);
                    self.over = Some(text);
                    new = true;
                }
            }
        }
        if new && let Some(wanted) = self.wanted.take() {
            match wanted {
                Wanted::Why(node) => self.why(node),
                Wanted::Dominated(node) => self.dominated(node),
            }
        }
        new
    }

    /// Whether something may come without a key.
    pub fn waits(&self) -> bool {
        self.running.is_some() || !self.answers.complete() || self.asking.waits()
    }

    /// Lets the program run, or goes to a later moment that was seen already.
    pub fn go(&mut self, until: Until) {
        if self.running.is_none() && self.history.forward() {
            self.arrive();
            return;
        }
        if let Some(over) = &self.over {
            self.message.clone_from(over);
            return;
        }
        self.running = Some(until);
        self.message.clear();
        self.source.go(until);
    }

    /// Another moment is shown: what was open is opened again, as far as it is still there.
    fn arrive(&mut self) {
        let Some(snapshot) = self.history.current().map(Arc::clone) else {
            return;
        };
        let (shown, _) = self.history.place();
        self.message = format!(
            "moment {shown}: {}",
            mangrove::printable(&snapshot.about().moment)
        );
        self.asking.cancel();
        self.ahead.clear();
        let before = std::mem::take(&mut self.answers);
        self.answers = Answers::about(&snapshot, self.history.earlier(), before);
        self.roots = views::roots(snapshot.nodes());
        self.counts = snapshot.nodes().many();
        self.wanted = None;
        for panes in &mut self.tabs {
            panes.truncate(1);
        }
    }

    /// Does what a key is for.
    pub fn key(&mut self, key: Key) {
        if key == Key::Interrupt {
            self.quit = true;
            return;
        }
        match std::mem::replace(&mut self.mode, Mode::Browse) {
            Mode::Browse => self.browse(key),
            Mode::Help => {}
            Mode::Search(text) => self.type_key(text, key),
        }
    }

    fn type_key(&mut self, mut text: String, key: Key) {
        match key {
            Key::Enter => return self.ask(Question::Search(text)),
            Key::Escape => return,
            Key::Backspace if text.is_empty() => return,
            Key::Backspace => drop(text.pop()),
            // A name is never longer.
            Key::Char(c) if text.len() < 1000 => text.push(c),
            _ => {}
        }
        self.mode = Mode::Search(text);
    }

    /// While an answer is to come, keys that are for what it opens wait for it, as if it had come at once. Whoever
    /// goes elsewhere does not wait any more, and Escape does nothing else. Tells whether the key has done what it is
    /// for.
    fn waits_for_key(&mut self, key: Key) -> bool {
        if !self.asking.waits() && self.wanted.is_none() {
            return false;
        }
        match key {
            Key::Char('q' | '?') | Key::Redraw => false,
            Key::Up
            | Key::Down
            | Key::PageUp
            | Key::PageDown
            | Key::Home
            | Key::End
            | Key::Enter
            | Key::Right
            | Key::Char('j' | 'k' | 'g' | 'G' | ' ' | 'l' | 'w' | 'd') => {
                // A key that is held down is no queue for ever.
                if self.ahead.len() < AHEAD {
                    self.ahead.push(key);
                }
                true
            }
            _ => {
                self.asking.cancel();
                self.wanted = None;
                self.ahead.clear();
                let only = key == Key::Escape;
                if only {
                    self.message = "given up".to_owned();
                }
                only
            }
        }
    }

    fn browse(&mut self, key: Key) {
        self.message.clear();
        if self.waits_for_key(key) {
            return;
        }
        let page = self.height.saturating_sub(1).max(1);
        match key {
            Key::Up | Key::Char('k') => self.move_by(-1),
            Key::Down | Key::Char('j') => self.move_by(1),
            Key::PageUp => self.move_by(-(page as isize)),
            Key::PageDown | Key::Char(' ') => self.move_by(page as isize),
            Key::Home | Key::Char('g') => self.move_by(isize::MIN),
            Key::End | Key::Char('G') => self.move_by(isize::MAX),
            Key::Enter | Key::Right | Key::Char('l') => self.open(),
            Key::Backspace | Key::Left | Key::Escape | Key::Char('h') => self.close(),
            Key::Tab => self.tab = (self.tab + 1) % self.tabs.len(),
            Key::BackTab => self.tab = (self.tab + self.tabs.len() - 1) % self.tabs.len(),
            Key::Char(digit @ '1'..='4') => self.tab = digit as usize - '1' as usize,
            Key::Char('/') => self.mode = Mode::Search(String::new()),
            Key::Char('?') => self.mode = Mode::Help,
            Key::Char('q') => self.quit = true,
            Key::Char('w') => self.of_selected(Self::why),
            Key::Char('d') => self.of_selected(Self::dominated),
            Key::Char('n') => self.go(Until::Collection),
            Key::Char('s') => self.go(Until::Switch),
            Key::Char('c') => self.go(Until::End),
            Key::Char('p') => self.back(),
            Key::Char(_) | Key::Redraw | Key::Interrupt => {}
        }
    }

    fn back(&mut self) {
        if self.history.back() {
            self.arrive();
        } else if self.history.gone() > 0 {
            self.message = format!(
                "{} were let go: all together would take too much memory",
                rows::count(self.history.gone() as u64, "earlier moment")
            );
        } else {
            self.message = "this is the first moment".to_owned();
        }
    }

    fn move_by(&mut self, lines: isize) {
        let last = self.len().unwrap_or(0).saturating_sub(1);
        let pane = self.pane_mut();
        pane.selected = pane.selected.saturating_add_signed(lines).min(last);
    }

    fn push(&mut self, view: View) {
        self.tabs[self.tab].push(Pane::of(view));
    }

    fn close(&mut self) {
        let panes = &mut self.tabs[self.tab];
        if panes.len() > 1 {
            panes.pop();
        }
    }

    /// Opens what is on the selected line.
    fn open(&mut self) {
        let index = self.pane().selected;
        let answers = &self.answers;
        if self.history.current().is_none() {
            return;
        }
        let view = match &self.pane().view {
            View::Stacks => {
                let shapes = answers.shapes.as_ref();
                let shapes = shapes.filter(|shapes| index < shapes.all().len());
                shapes.map(|shapes| match shapes.members(index) {
                    [one] => View::Node(*one),
                    members => View::List("continuations alike".to_owned(), members.into()),
                })
            }
            View::Types => {
                let statistics = answers.statistics.as_ref();
                let line = statistics.and_then(|statistics| statistics.types.get(index));
                if let Some(ty) = line.map(|line| line.ty) {
                    return self.ask(Question::OfType(ty));
                }
                None
            }
            View::Suspects => {
                let suspects = answers.suspects.as_ref();
                let suspect = suspects.and_then(|suspects| suspects.all.get(index));
                suspect.map(|suspect| match rows::suspected(suspect).as_slice() {
                    [one] => View::Node(*one),
                    many => View::List("suspects".to_owned(), many.into()),
                })
            }
            _ => self.selected().map(View::Node),
        };
        match view {
            Some(view) => self.push(view),
            None if self.len().is_none() => self.not_yet(),
            None => self.message = "there is nothing behind this line".to_owned(),
        }
    }

    fn not_yet(&mut self) {
        self.message = match self.answers.failed {
            true => "this could not be found out".to_owned(),
            false => "this is being found out".to_owned(),
        };
    }

    /// What the selected line leads to, or else what the list is about.
    fn of_selected(&mut self, ask: impl Fn(&mut Self, NodeId)) {
        let about = match self.pane().view {
            View::Node(node) | View::Dominated(node, _) => Some(node),
            _ => None,
        };
        match self.selected().or(about) {
            Some(node) => ask(self, node),
            None => {
                self.message = "there is no object, frame or continuation on this line".to_owned()
            }
        }
    }

    /// Why a node is alive, now or when that can be found out.
    fn why(&mut self, node: NodeId) {
        match &self.answers.retainers {
            Some(retainers) => self.ask(Question::Why(node, Arc::clone(retainers))),
            None => self.want(Wanted::Why(node)),
        }
    }

    /// What a node dominates, now or when that can be found out.
    fn dominated(&mut self, node: NodeId) {
        match &self.answers.dominators {
            Some(dominators) => self.ask(Question::Dominated(node, Arc::clone(dominators))),
            None => self.want(Wanted::Dominated(node)),
        }
    }

    fn want(&mut self, wanted: Wanted) {
        self.not_yet();
        self.wanted = (!self.answers.failed).then_some(wanted);
    }

    /// Asks what may take long. What comes of it is shown when it has come.
    pub(super) fn ask(&mut self, question: Question) {
        let Some(snapshot) = self.history.current() else {
            return;
        };
        match self.asking.ask(snapshot, question) {
            Ok(Some(answer)) => self.take(answer),
            Ok(None) => {}
            Err(error) => self.message = format!("this could not be found out: {error}"),
        }
    }

    fn take(&mut self, answer: Answer) {
        let ahead = std::mem::take(&mut self.ahead);
        match answer {
            Answer::Open(view) => self.push(view),
            Answer::Nothing(text) => {
                self.message = text;
                return;
            }
        }
        // One of them may ask again: then the others wait again.
        for key in ahead {
            self.key(key);
        }
    }
}
