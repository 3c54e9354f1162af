//! Which nodes are meant: `type=$node age>=3`.

use crate::Snapshot;
use crate::snapshot::NodeId;
use std::str::FromStr;

/// Which nodes are meant: conditions that hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {}

/// A filter that was looked up in a snapshot.
#[derive(Clone, Debug)]
pub struct Matcher<'a> {
    snapshot: &'a Snapshot,
}

/// What is wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// There is no such key.
    #[error("there is no condition `{key}`{near}")]
    Key {
        /// What was written.
        key: String,
        /// ``; did you mean `type`?``, or the list of all.
        near: String,
    },
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let _ = text;
        todo!()
    }
}

impl Filter {
    /// Looks the names in it up in a snapshot.
    ///
    /// # Errors
    /// A type, function, module or continuation of this name is not there.
    pub fn on<'a>(&self, snapshot: &'a Snapshot) -> Result<Matcher<'a>, FilterError> {
        Ok(Matcher { snapshot })
    }
}

impl Matcher<'_> {
    /// Whether a node is meant.
    pub fn matches(&self, node: NodeId) -> bool {
        let _ = (self.snapshot, node);
        todo!()
    }

    /// All nodes that are meant, in their order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        let nodes = self.snapshot.nodes();
        nodes.all().filter(|&node| self.matches(node))
    }
}
