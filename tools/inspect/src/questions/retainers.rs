//! What refers to each node: the edges, the other way round.

use crate::Snapshot;
use crate::snapshot::{At, NodeId};

/// What refers to each node, and how far it is from the roots. Weak handles refer to nothing
/// here.
///
/// ```
/// # use mangrove_inspect::snapshot::{About, Builder, Kind, SlotValue, Space, Static, Target};
/// use mangrove_inspect::questions::Retainers;
///
/// # let mut builder = Builder::new();
/// # let value = SlotValue::Ref(Target::Object(16));
/// # let global = builder.fixed(Kind::Global, Static::default(), [(0, value)]);
/// # let object = builder.object(16, 0, 16, 0, Space::Old, None, &[], []);
/// # let snapshot = builder.finish(About::default())?;
/// let retainers = Retainers::of(&snapshot);
/// let holders: Vec<_> = retainers.to(&snapshot, object).collect();
/// assert_eq!(holders[0].0, global);
/// assert_eq!(retainers.depth(object), Some(2));
/// # Ok::<(), mangrove_inspect::snapshot::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Retainers {
    /// By node: the first of `edges` that lead to it. One more than there are nodes.
    firsts: Vec<u32>,
    /// Numbers of edges.
    edges: Vec<u32>,
    /// By node.
    depths: Vec<u32>,
}

impl Retainers {
    /// Of a node that the roots do not reach.
    const NO_WAY: u32 = u32::MAX;

    /// The retainers of all nodes.
    pub fn of(snapshot: &Snapshot) -> Self {
        let nodes = snapshot.nodes();
        let mut firsts = vec![0u32; nodes.len() + 1];
        for node in nodes.all() {
            for to in nodes.keeps(node) {
                firsts[to.index()] += 1;
            }
        }
        let mut sum = 0;
        for first in &mut firsts {
            sum += *first;
            *first = sum;
        }
        // Each entry is the end of its node's part now, and goes down to its beginning as the
        // part is filled from behind.
        let mut edges = vec![0; sum as usize];
        for node in nodes.all().rev() {
            let first = nodes.first_edge(node);
            for (index, to) in nodes.keeps(node).iter().enumerate().rev() {
                let place = &mut firsts[to.index()];
                *place -= 1;
                edges[*place as usize] = first + index as u32;
            }
        }
        Self {
            firsts,
            edges,
            depths: depths(snapshot),
        }
    }

    /// How many references there are to a node.
    ///
    /// # Panics
    /// As all methods, if there is no such node.
    pub fn count(&self, node: NodeId) -> usize {
        self.numbers(node).len()
    }

    /// The numbers of the references to a node.
    pub(super) fn numbers(&self, node: NodeId) -> &[u32] {
        let index = node.index();
        &self.edges[self.firsts[index] as usize..self.firsts[index + 1] as usize]
    }

    /// The references to a node: whose they are, and where in it, in the order of nodes and
    /// places.
    pub fn to<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        node: NodeId,
    ) -> impl DoubleEndedIterator<Item = (NodeId, At)> + ExactSizeIterator + use<'a> {
        let nodes = snapshot.nodes();
        self.numbers(node).iter().map(|&number| {
            let (from, edge) = nodes.edge(number);
            (from, edge.at)
        })
    }

    /// How many references a shortest way from the roots to a node has; none if there is no way.
    pub fn depth(&self, node: NodeId) -> Option<u32> {
        Some(self.depths[node.index()]).filter(|&depth| depth != Self::NO_WAY)
    }
}

/// By node: how many references a shortest way from the roots has.
fn depths(snapshot: &Snapshot) -> Vec<u32> {
    let nodes = snapshot.nodes();
    let mut depths = vec![Retainers::NO_WAY; nodes.len()];
    if nodes.is_empty() {
        return depths;
    }
    depths[0] = 0;
    let (mut front, mut next) = (vec![NodeId::ROOTS], Vec::new());
    for depth in 1.. {
        for &node in &front {
            for &to in nodes.keeps(node) {
                let known = &mut depths[to.index()];
                if *known == Retainers::NO_WAY {
                    *known = depth;
                    next.push(to);
                }
            }
        }
        if next.is_empty() {
            break;
        }
        std::mem::swap(&mut front, &mut next);
        next.clear();
    }
    depths
}
