//! What a page needs to know of a whole snapshot.

use crate::Snapshot;
use crate::questions::{Diff, Dominators, Retainers, Shapes, Statistics, Suspects};
use crate::snapshot::NodeId;

/// Answers about a whole snapshot, of which the page has a part.
pub(super) struct Facts<'a> {
    pub snapshot: &'a Snapshot,
    pub retainers: Retainers,
    pub dominators: Dominators,
    pub shapes: Shapes,
    pub statistics: Statistics,
    pub suspects: Suspects,
}

impl<'a> Facts<'a> {
    /// Asks everything. An earlier snapshot tells the suspects what grew.
    pub fn of(snapshot: &'a Snapshot, before: Option<(&Snapshot, &Diff)>) -> Self {
        let retainers = Retainers::of(snapshot);
        let dominators = Dominators::of(snapshot);
        let shapes = Shapes::of(snapshot, Some(&dominators));
        let suspects = Suspects::of(snapshot, &retainers, &dominators, &shapes, before);
        Self {
            statistics: Statistics::of(snapshot, Some(&dominators)),
            snapshot,
            retainers,
            dominators,
            shapes,
            suspects,
        }
    }

    /// The node before this one on a shortest way from the roots.
    pub fn parent(&self, node: NodeId) -> Option<NodeId> {
        let before = self.retainers.depth(node)?.checked_sub(1)?;
        let mut retainers = self.retainers.to(self.snapshot, node);
        retainers
            .find(|(from, _)| self.retainers.depth(*from) == Some(before))
            .map(|(from, _)| from)
    }

    /// The nodes that are shown as examples: of suspects, then of shapes.
    pub fn examples(&self) -> impl Iterator<Item = NodeId> {
        let suspects = self.suspects.all.iter().map(|suspect| suspect.sample);
        let shapes = self.shapes.all().iter().map(|shape| shape.sample);
        suspects.chain(shapes)
    }
}
