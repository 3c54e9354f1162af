//! What of a snapshot is shown.

use crate::questions::{Filter, Gone};
use crate::snapshot::NodeId;

/// What of a snapshot is shown: a part of it, or the answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// How much there is, what leaks most likely, and the most of everything.
    Summary,
    /// Every root.
    Roots,
    /// The continuations with their frames, and what is in their slots: all, or those that a
    /// filter means.
    Stacks(Option<Filter>),
    /// Continuations that are alike, a line for each kind.
    Shapes,
    /// Objects by type.
    Types,
    /// What leaks, most likely.
    Suspects,
    /// What changed since the earlier snapshot.
    Diff,
    /// What is in a node, and in what it refers to, so many levels deep.
    Open {
        /// The node.
        node: NodeId,
        /// How many levels.
        depth: u32,
    },
    /// The ways from the roots to a node.
    Why {
        /// The node.
        node: NodeId,
        /// How many ways at most.
        ways: usize,
    },
    /// What would die if these were gone.
    Dropped(Vec<Gone>),
    /// The nodes that a filter means.
    List(Filter),
}

impl View {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Roots => "roots",
            Self::Stacks(_) => "stacks",
            Self::Shapes => "shapes",
            Self::Types => "types",
            Self::Suspects => "suspects",
            Self::Diff => "diff",
            Self::Open { .. } => "open",
            Self::Why { .. } => "why",
            Self::Dropped(_) => "dropped",
            Self::List(_) => "list",
        }
    }
}
