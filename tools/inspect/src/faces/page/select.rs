//! Which nodes of a snapshot are in its page.
//!
//! ```text
//!  what outlives the program's stacks        globals, tables, …: those that retain most
//!  continuations                             running, one of each shape, the largest
//!  what changed, what retains most           with the ways to them
//!  what is near to all of these              breadth first, until the page is full
//! ```

use super::facts::Facts;
use super::options::PageOptions;
use crate::snapshot::{Kind, NodeId, State};
use std::cmp::Reverse;

/// Of a stack: so many frames at once, so that one deep recursion does not fill a page.
const FRAMES: usize = 64;
/// So many references of a node at once.
const FAN: usize = 256;
/// Nodes of a way to a chosen one. Of longer ways the page has the end.
const WAY: usize = 64;
/// Of those that retain most.
const LARGEST: usize = 2_000;
/// The most nodes of a page: places in it are told in so many bits, and signs.
const MOST: usize = 1 << 26;

/// The nodes of a page, in order.
pub(super) struct Selection {
    /// In ascending order.
    pub nodes: Vec<NodeId>,
    /// What each of them retains.
    retained: Vec<u64>,
    /// By node of the snapshot.
    places: Vec<u32>,
}

impl Selection {
    /// The first of some nodes, as far as they are in the page, those that retain most first.
    pub fn largest(&self, nodes: &[NodeId], most: usize) -> Vec<u32> {
        let mut places: Vec<u32> = nodes.iter().filter_map(|&node| self.place(node)).collect();
        places.sort_by_key(|&place| Reverse(self.retained[place as usize]));
        places.truncate(most);
        places
    }

    /// Where a node is in the page; none if it is not there.
    pub fn place(&self, node: NodeId) -> Option<u32> {
        let place = *self.places.get(node.index())?;
        (place != u32::MAX).then_some(place)
    }

    /// Chooses. What is in `changed` is preferred.
    pub fn of(facts: &Facts<'_>, changed: &[NodeId], options: &PageOptions) -> Self {
        let nodes = facts.snapshot.nodes();
        let mut chooser = Chooser {
            facts,
            limit: options.nodes.clamp(1, MOST),
            chosen: vec![false; nodes.len()],
            order: Vec::new(),
        };
        chooser.take(NodeId::ROOTS);
        chooser.fixed();
        chooser.continuations(options.continuations, changed);
        chooser.objects(changed);
        chooser.near(FAN);
        chooser.near(usize::MAX);
        let mut chosen = chooser.order;
        chosen.sort_unstable();
        let mut places = vec![u32::MAX; nodes.len()];
        for (place, node) in (0..).zip(&chosen) {
            places[node.index()] = place;
        }
        let retained = |&node: &NodeId| facts.dominators.retained(node);
        Self {
            retained: chosen.iter().map(retained).collect(),
            nodes: chosen,
            places,
        }
    }
}

struct Chooser<'a> {
    facts: &'a Facts<'a>,
    limit: usize,
    /// By node.
    chosen: Vec<bool>,
    order: Vec<NodeId>,
}

impl Chooser<'_> {
    /// Takes a node, if there is room.
    fn take(&mut self, node: NodeId) {
        if self.order.len() < self.limit && !self.chosen[node.index()] {
            self.chosen[node.index()] = true;
            self.order.push(node);
        }
    }

    /// Takes a node, and of a continuation its frames.
    fn take_with_frames(&mut self, node: NodeId) {
        self.take(node);
        let nodes = self.facts.snapshot.nodes();
        if nodes.kind(node) != Kind::Continuation {
            return;
        }
        let to = nodes.targets(node).iter();
        for &frame in to.filter(|&&to| nodes.kind(to) == Kind::Frame).take(FRAMES) {
            self.take(frame);
        }
    }

    /// Takes a node and the way to it, as far as that is not taken.
    fn take_with_way(&mut self, node: NodeId) {
        self.take_with_frames(node);
        let mut at = node;
        for _ in 0..WAY {
            match self.facts.parent(at) {
                Some(parent) if !self.chosen[parent.index()] => {
                    self.take_with_frames(parent);
                    at = parent;
                }
                _ => break,
            }
        }
    }

    /// Takes those of some that retain most.
    fn take_largest(&mut self, mut nodes: Vec<NodeId>, most: usize) {
        let dominators = &self.facts.dominators;
        let size = |&node: &NodeId| Reverse(dominators.retained(node));
        if nodes.len() > most {
            nodes.select_nth_unstable_by_key(most, size);
            nodes.truncate(most);
        }
        nodes.sort_by_key(size);
        for node in nodes {
            self.take_with_way(node);
        }
    }

    fn fixed(&mut self) {
        let nodes = self.facts.snapshot.nodes();
        let first = nodes.all().skip(1);
        let fixed = first
            .take_while(|&node| !matches!(nodes.kind(node), Kind::Continuation | Kind::Object))
            .collect();
        self.take_largest(fixed, self.limit / 8);
    }

    fn continuations(&mut self, most: usize, changed: &[NodeId]) {
        let nodes = self.facts.snapshot.nodes();
        let all: Vec<NodeId> = nodes.of(Kind::Continuation).collect();
        let runs = |node: &NodeId| {
            let row = nodes.continuation(*node);
            row.is_some_and(|row| matches!(row.state, State::Running | State::Parent))
        };
        for &node in all.iter().filter(|node| runs(node)).take(most) {
            self.take_with_frames(node);
        }
        let examples: Vec<NodeId> = self.facts.examples().take(most).collect();
        for node in examples {
            self.take_with_way(node);
        }
        let is = |node: &&NodeId| nodes.kind(**node) == Kind::Continuation;
        let changed = changed.iter().filter(is).copied().collect();
        self.take_largest(changed, most / 4);
        let taken = all.iter().filter(|node| self.chosen[node.index()]).count();
        let rest: Vec<NodeId> = all
            .into_iter()
            .filter(|node| !self.chosen[node.index()])
            .collect();
        self.take_largest(rest, most.saturating_sub(taken));
    }

    fn objects(&mut self, changed: &[NodeId]) {
        let nodes = self.facts.snapshot.nodes();
        let most = LARGEST.min(self.limit / 8);
        let is = |node: &&NodeId| nodes.kind(**node) == Kind::Object;
        self.take_largest(changed.iter().filter(is).copied().collect(), most);
        self.take_largest(nodes.of(Kind::Object).collect(), most);
    }

    /// Goes on from what is chosen, breadth first. Continuations are not chosen so: their
    /// number is an option of its own.
    fn near(&mut self, fan: usize) {
        let nodes = self.facts.snapshot.nodes();
        let mut next = 0;
        while let Some(&node) = self.order.get(next) {
            next += 1;
            if self.order.len() >= self.limit {
                break;
            }
            for &to in nodes.targets(node).iter().take(fan) {
                if nodes.kind(to) != Kind::Continuation {
                    self.take(to);
                }
            }
        }
    }
}
