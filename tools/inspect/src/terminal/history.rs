//! The moments that were seen: one can go back to them as long as they fit in a bound.

use crate::Snapshot;
use std::collections::VecDeque;
use std::sync::Arc;

/// Snapshots in the order of their moments.
#[derive(Debug)]
pub struct History {
    moments: VecDeque<Arc<Snapshot>>,
    at: usize,
    /// How many were let go.
    gone: usize,
    /// Bytes that the snapshots may take together, but for the last one.
    most: u64,
}

impl History {
    /// Without any moment.
    pub fn new(most: u64) -> Self {
        Self {
            moments: VecDeque::new(),
            at: 0,
            gone: 0,
            most,
        }
    }

    /// The moment that is shown.
    pub fn current(&self) -> Option<&Arc<Snapshot>> {
        self.moments.get(self.at)
    }

    /// The one before it.
    pub fn earlier(&self) -> Option<&Arc<Snapshot>> {
        self.moments.get(self.at.checked_sub(1)?)
    }

    /// Which one is shown, from 1, and how many there are, those included that were let go.
    pub fn place(&self) -> (usize, usize) {
        (self.gone + self.at + 1, self.gone + self.moments.len())
    }

    /// How many were let go.
    pub fn gone(&self) -> usize {
        self.gone
    }

    /// Adds the latest moment, which is shown then. The oldest are let go.
    pub fn add(&mut self, snapshot: Arc<Snapshot>) {
        self.moments.push_back(snapshot);
        let mut bytes: u64 = self.moments.iter().map(|snapshot| size(snapshot)).sum();
        while bytes > self.most && self.moments.len() > 1 {
            bytes -= self
                .moments
                .pop_front()
                .map_or(0, |snapshot| size(&snapshot));
            self.gone += 1;
        }
        self.at = self.moments.len() - 1;
    }

    /// Goes to the moment before. Tells whether there is one.
    pub fn back(&mut self) -> bool {
        let back = self.at > 0;
        self.at -= usize::from(back);
        back
    }

    /// Goes to the moment behind. Tells whether there is one.
    pub fn forward(&mut self) -> bool {
        let forward = self.at + 1 < self.moments.len();
        self.at += usize::from(forward);
        forward
    }
}

/// About how many bytes a snapshot takes: rows and edges are arrays, contents are at most the heap.
fn size(snapshot: &Snapshot) -> u64 {
    let nodes = snapshot.nodes();
    let (all, edges) = (nodes.len() as u64, nodes.edge_count() as u64);
    // Kind, row, bytes, first edge, an object's row and identity; target and place.
    37 * all + 8 * edges + snapshot.about().heap_used
}

#[cfg(test)]
mod tests {
    use super::{History, size};
    use crate::snapshot::samples::generators;
    use std::sync::Arc;

    #[test]
    fn the_oldest_are_let_go() {
        let snapshot = Arc::new(generators(10, 10).unwrap());
        let mut history = History::new(3 * size(&snapshot));
        assert!(history.current().is_none() && !history.back() && !history.forward());
        for _ in 0..5 {
            history.add(Arc::clone(&snapshot));
        }
        assert_eq!((history.place(), history.gone()), ((5, 5), 2));
        assert!(history.back() && history.back() && !history.back());
        assert_eq!(history.place(), (3, 5));
        assert!(history.forward() && history.forward() && !history.forward());
        // The latest is kept, however large it is.
        history.add(Arc::new(generators(1000, 10).unwrap()));
        assert_eq!((history.place(), history.gone()), ((6, 6), 5));
        assert!(history.earlier().is_none());
    }
}
