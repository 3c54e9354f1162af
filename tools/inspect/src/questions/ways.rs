//! Why a node is alive: the ways to it from the roots.

use super::Retainers;
use crate::Snapshot;
use crate::snapshot::{At, NodeId};

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
    /// Whether there are more ways than were asked for, or could be found with bounded work.
    pub more: bool,
    /// How many references there are to it, weak handles left out.
    pub references: usize,
    /// Some of the references to it, if the roots do not reach it.
    pub referrers: Vec<Link>,
    /// Weak handles that refer to it.
    pub weak: Vec<NodeId>,
}

impl Way {
    /// The first and the last links: `most` in all, if there are more.
    pub fn cut(&self, most: usize) -> CutWay<'_> {
        let _ = most;
        todo!()
    }
}

/// Why a node is alive: the first `most` ways to it from the roots, the shortest first. A way
/// meets no node twice.
pub fn ways(snapshot: &Snapshot, retainers: &Retainers, node: NodeId, most: usize) -> Why {
    let _ = (snapshot, retainers, node, most);
    todo!()
}
