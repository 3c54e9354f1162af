//! Why a node is alive: the ways to it from the roots.
//!
//! Ways are searched backwards, from the node. How far each node is from the roots is known, so
//! a part of a way, from some node to the last, is as promising as it is long and its first node
//! is far. The most promising part is lengthened first, by its first node's retainers, nearest
//! first and one at a time. So ways are found shortest first, and no more is looked at than they
//! need. A part that would meet a node twice is dropped.

use super::Retainers;
use crate::Snapshot;
use crate::snapshot::{At, Kind, NodeId};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// A reference of a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// Whose it is.
    pub from: NodeId,
    /// Where in it.
    pub at: At,
    /// What it refers to.
    pub to: NodeId,
}

/// A way from the roots to a node: the first link is one of the roots' own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Way {
    /// Its references, from the roots on. Empty for the way from the roots to themselves.
    pub links: Vec<Link>,
}

/// A way of which the middle was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutWay<'a> {
    /// Its first links.
    pub first: &'a [Link],
    /// How many were left out behind them.
    pub omitted: usize,
    /// Its last links.
    pub last: &'a [Link],
}

/// Why a node is alive, or that it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// The node.
    pub node: NodeId,
    /// Ways to it, the shortest first. None if the roots do not reach it.
    pub ways: Vec<Way>,
    /// Whether there may be more ways: more than were asked for, or than bounded work finds.
    pub more: bool,
    /// How many references there are to it, weak handles left out.
    pub references: usize,
    /// If the roots do not reach it, the first references to it.
    pub referrers: Vec<Link>,
    /// Weak handles that refer to it.
    pub weak: Vec<NodeId>,
}

impl Way {
    /// The first and the last links: `most` in all, if there are more.
    ///
    /// ```
    /// use mangrove_inspect::questions::{Link, Way};
    /// use mangrove_inspect::snapshot::{At, NodeId};
    ///
    /// let link = |n| Link { from: NodeId(n), at: At::Field(0), to: NodeId(n + 1) };
    /// let way = Way { links: (0..1000).map(link).collect() };
    /// let cut = way.cut(5);
    /// assert_eq!((cut.first.len(), cut.omitted, cut.last.len()), (3, 995, 2));
    /// ```
    pub fn cut(&self, most: usize) -> CutWay<'_> {
        let omitted = self.links.len().saturating_sub(most);
        let first = match omitted {
            0 => self.links.len(),
            _ => most.div_ceil(2),
        };
        CutWay {
            first: &self.links[..first],
            omitted,
            last: &self.links[first + omitted..],
        }
    }

    /// The nodes on it, the roots first and the node it leads to last.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::once(NodeId::ROOTS).chain(self.links.iter().map(|link| link.to))
    }
}

/// How many referrers of a node that the roots do not reach are told.
const REFERRERS: usize = 100;

/// How many retainers and parts of ways may be looked at beyond those of the first way.
const WORK: usize = 5_000_000;

/// Nodes with more retainers have their list in common, however often a part reaches them.
const FEW: usize = 16;

/// Why a node is alive: the first `most` ways to it from the roots, the shortest first. A way
/// meets no node twice, and no two are equal.
///
/// ```
/// # use mangrove_inspect::snapshot::*;
/// use mangrove_inspect::questions::{Retainers, ways};
///
/// # let mut builder = Builder::new();
/// # let value = SlotValue::Ref(Target::Object(16));
/// # builder.fixed(Kind::Global, Static::default(), [(0, value)]);
/// # let object = builder.object(16, 0, 16, 0, Space::Old, None, &[], []);
/// # let snapshot = builder.finish(About::default())?;
/// let why = ways(&snapshot, &Retainers::of(&snapshot), object, 3);
/// assert_eq!(why.ways.len(), 1);
/// assert_eq!(snapshot.title(why.ways[0].links[1].from), "global 0 of the host");
/// # Ok::<(), BuildError>(())
/// ```
///
/// # Panics
/// There is no such node.
pub fn ways(snapshot: &Snapshot, retainers: &Retainers, node: NodeId, most: usize) -> Why {
    let nodes = snapshot.nodes();
    let handles = nodes.of(Kind::Weak);
    let mut why = Why {
        node,
        ways: Vec::new(),
        more: false,
        references: retainers.count(node),
        referrers: Vec::new(),
        weak: handles
            .filter(|&weak| nodes.targets(weak).contains(&node))
            .collect(),
    };
    if retainers.depth(node).is_none() {
        let links = retainers.to(snapshot, node);
        let links = links.map(|(from, at)| Link { from, at, to: node });
        why.referrers = links.take(REFERRERS).collect();
        return why;
    }
    let mut search = Search::new(snapshot, retainers, node);
    while why.ways.len() < most {
        match search.next() {
            Some(way) => why.ways.push(way),
            None => break,
        }
    }
    why.more = search.out_of_work || !search.open.is_empty();
    why
}

/// A part of a way, from a node to the end.
#[derive(Clone, Copy)]
struct Part {
    /// Its first node.
    node: NodeId,
    /// The link from there, and the part behind it: itself for the end.
    at: At,
    rest: u32,
    /// How many links it has.
    len: u32,
    /// The smallest distance from the roots of its nodes.
    nearest: u32,
    /// Where the list of its first node's retainers begins, and how many they are.
    near: (u32, u32),
}

/// A step to take: how long the shortest way is that it can lead to, how long its part is already,
/// the part, and the number of the retainer to lengthen it by.
type Step = (u32, Reverse<u32>, u32, u32);

/// A retainer, as far as it is from the roots, by the number of its edge.
type Near = (u32, u32);

struct Search<'a> {
    snapshot: &'a Snapshot,
    retainers: &'a Retainers,
    parts: Vec<Part>,
    /// The most promising step first, and of those the one of the longest part.
    open: BinaryHeap<Reverse<Step>>,
    /// Lists of retainers, the nearest first.
    near: Vec<Near>,
    /// Where the list of a node lies that has many.
    many: HashMap<NodeId, (u32, u32)>,
    work: usize,
    found: bool,
    out_of_work: bool,
}

impl<'a> Search<'a> {
    fn new(snapshot: &'a Snapshot, retainers: &'a Retainers, node: NodeId) -> Self {
        let depth = retainers.depth(node).unwrap_or(0);
        let mut search = Self {
            snapshot,
            retainers,
            parts: Vec::new(),
            open: BinaryHeap::new(),
            near: Vec::new(),
            many: HashMap::new(),
            work: WORK + depth as usize,
            found: false,
            out_of_work: false,
        };
        search.open(Part {
            node,
            at: At::Root,
            rest: 0,
            len: 0,
            nearest: depth,
            near: (0, 0),
        });
        search
    }

    /// Adds a part, to be lengthened by the nearest retainer of its first node.
    fn open(&mut self, mut part: Part) {
        let index = self.parts.len() as u32;
        if part.node == NodeId::ROOTS {
            self.parts.push(part);
            let order = (part.len, Reverse(part.len), index, 0);
            self.open.push(Reverse(order));
            return;
        }
        part.near = match self.many.get(&part.node) {
            Some(&list) => list,
            None => self.look(part.node),
        };
        self.parts.push(part);
        self.push(index, 0);
    }

    fn push(&mut self, index: u32, retainer: u32) {
        let part = self.parts[index as usize];
        if let Some((depth, _)) = self.near(&part, retainer) {
            let len = part.len + 1;
            let order = (len + depth, Reverse(len), index, retainer);
            self.open.push(Reverse(order));
        }
    }

    /// A retainer of a part's first node: the nearest is number 0.
    fn near(&self, part: &Part, retainer: u32) -> Option<Near> {
        let (first, count) = part.near;
        (retainer < count).then(|| self.near[(first + retainer) as usize])
    }

    /// Lists a node's retainers.
    fn look(&mut self, node: NodeId) -> (u32, u32) {
        let first = self.near.len();
        for &edge in self.retainers.numbers(node) {
            let owner = self.snapshot.nodes().owner(edge);
            if let Some(depth) = self.retainers.depth(owner) {
                self.near.push((depth, edge));
            }
        }
        let list = &mut self.near[first..];
        list.sort_unstable();
        let count = list.len();
        self.work = self.work.saturating_sub(count);
        // A list is of edges, and there are fewer than 2^32 of them; the work bounds how many
        // lists there are.
        let list = (first as u32, count as u32);
        if count > FEW {
            self.many.insert(node, list);
        }
        list
    }

    fn next(&mut self) -> Option<Way> {
        while let Some(Reverse((_, _, index, retainer))) = self.open.pop() {
            let part = self.parts[index as usize];
            if part.node == NodeId::ROOTS {
                self.found = true;
                return Some(self.way(index));
            }
            // The first is found by going nearer to the roots with each step.
            if self.work == 0 && self.found {
                self.out_of_work = true;
                return None;
            }
            self.work -= 1;
            self.push(index, retainer + 1);
            let Some((depth, number)) = self.near(&part, retainer) else {
                continue;
            };
            let (from, edge) = self.snapshot.nodes().edge(number);
            if depth < part.nearest || !self.meets(index, from) {
                self.open(Part {
                    node: from,
                    at: edge.at,
                    rest: index,
                    len: part.len + 1,
                    nearest: part.nearest.min(depth),
                    near: (0, 0),
                });
            }
        }
        None
    }

    /// Whether a part has a node.
    fn meets(&mut self, index: u32, node: NodeId) -> bool {
        let mut at = index;
        loop {
            let part = &self.parts[at as usize];
            if part.node == node {
                return true;
            }
            if part.len == 0 {
                return false;
            }
            self.work = self.work.saturating_sub(1);
            at = part.rest;
        }
    }

    fn way(&self, index: u32) -> Way {
        let mut part = self.parts[index as usize];
        let mut links = Vec::with_capacity(part.len as usize);
        while part.len > 0 {
            let rest = self.parts[part.rest as usize];
            links.push(Link {
                from: part.node,
                at: part.at,
                to: rest.node,
            });
            part = rest;
        }
        Way { links }
    }
}
