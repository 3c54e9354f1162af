//! What a page needs to know of a whole snapshot.

use crate::Snapshot;
use crate::questions::{
    Cause, Diff, Dominators, Holder, Retainers, Shapes, Statistics, Suspect, Suspects,
};
use crate::snapshot::NodeId;

/// Holders of a suspect that are examples.
const HOLDERS: usize = 12;

/// Answers about a whole snapshot, of which the page has a part.
pub(super) struct Facts<'a> {
    pub snapshot: &'a Snapshot,
    pub retainers: Retainers,
    pub dominators: Dominators,
    pub shapes: Shapes,
    pub statistics: Statistics,
    pub suspects: Suspects,
    /// Whether there are other moments to find its nodes in.
    pub compared: bool,
}

impl<'a> Facts<'a> {
    /// Asks everything. An earlier snapshot tells the suspects what grew.
    pub fn of(snapshot: &'a Snapshot, before: Option<(&Snapshot, &Diff)>, compared: bool) -> Self {
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
            compared,
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

    /// The nodes that are shown as examples: of suspects, with what holds them, then of shapes.
    pub fn examples(&self) -> impl Iterator<Item = NodeId> {
        let suspects = self.suspects.all.iter().flat_map(|suspect| {
            let held = holders(suspect).iter().map(|holder| holder.node);
            std::iter::once(suspect.sample).chain(held.take(HOLDERS))
        });
        let shapes = self.shapes.all().iter().map(|shape| shape.sample);
        suspects.chain(shapes)
    }
}

/// What holds that which is suspected, as far as the suspect tells.
pub(super) fn holders(suspect: &Suspect) -> &[Holder] {
    match &suspect.cause {
        Cause::Waiting { holders, .. } | Cause::Grows { holders, .. } => holders,
        Cause::Accumulates { .. }
        | Cause::Frame { .. }
        | Cause::Cycle { .. }
        | Cause::Forgotten { .. } => &[],
    }
}
