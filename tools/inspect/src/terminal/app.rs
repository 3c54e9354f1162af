//! What is shown, and what keys do to it. Knows no terminal: it takes keys and sizes, and is drawn by
//! [`super::draw`].

use super::answers::Answers;
use super::history::History;
use super::keys::Key;
use super::rows::{self, Row};
use super::search::{Found, search};
use super::source::{Progress, Source, Until};
use super::views::{self, Known, View};
use crate::Snapshot;
use crate::questions::ways;
use crate::snapshot::{Kind, NodeId};
use std::sync::Arc;

/// Ways that are shown of those to a node.
const WAYS: usize = 5;

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

    pub fn running(&self) -> Option<Until> {
        self.running
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
        self.running.is_some() || !self.answers.complete()
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
        self.answers = Answers::about(&snapshot, self.history.earlier());
        self.roots = views::roots(snapshot.nodes());
        let many = |kind| snapshot.nodes().of(kind).count() as u64;
        self.counts = (many(Kind::Continuation), many(Kind::Object));
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
            Key::Enter => return self.find(&text),
            Key::Escape => return,
            Key::Backspace if text.is_empty() => return,
            Key::Backspace => drop(text.pop()),
            // A name is never longer.
            Key::Char(c) if text.len() < 1000 => text.push(c),
            _ => {}
        }
        self.mode = Mode::Search(text);
    }

    fn browse(&mut self, key: Key) {
        self.message.clear();
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
        let Some(snapshot) = self.history.current() else {
            return;
        };
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
                line.map(|line| {
                    let nodes = snapshot.nodes();
                    let of =
                        |node: &NodeId| nodes.object(*node).is_some_and(|row| row.ty == line.ty);
                    let all: Vec<NodeId> = nodes.all().filter(of).collect();
                    View::List(snapshot.type_name(line.ty), all.into())
                })
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

    /// Why a node is alive, now or when that is known.
    fn why(&mut self, node: NodeId) {
        let snapshot = self.history.current();
        let why = snapshot.zip(self.answers.retainers.as_ref());
        match why.map(|(snapshot, retainers)| ways(snapshot, retainers, node, WAYS)) {
            Some(why) => self.push(View::Why(Arc::new(why))),
            None => self.want(Wanted::Why(node)),
        }
    }

    /// What a node dominates, now or when that is known.
    fn dominated(&mut self, node: NodeId) {
        let Some(dominators) = &self.answers.dominators else {
            return self.want(Wanted::Dominated(node));
        };
        let mut below: Vec<NodeId> = dominators.children(node).collect();
        below.sort_by_key(|&node| std::cmp::Reverse(dominators.retained(node)));
        self.push(View::Dominated(node, below.into()));
    }

    fn want(&mut self, wanted: Wanted) {
        self.not_yet();
        self.wanted = (!self.answers.failed).then_some(wanted);
    }

    fn find(&mut self, text: &str) {
        let Some(snapshot) = self.history.current() else {
            return;
        };
        let found = search(snapshot, text);
        match found {
            Found::One(node) => self.push(View::Node(node)),
            Found::Many(nodes) if nodes.len() == 1 => self.push(View::Node(nodes[0])),
            Found::Many(nodes) if nodes.is_empty() => {
                self.message = format!("nothing is called {}", mangrove::printable(text));
            }
            Found::Many(nodes) => {
                let title = format!("called {}", mangrove::printable(text));
                self.push(View::List(title, nodes.into()));
            }
        }
    }
}
