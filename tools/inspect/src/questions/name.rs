//! What people call a node: `@0x40`, `continuation 7`, `global $pool`.

use crate::Snapshot;
use crate::snapshot::NodeId;
use std::str::FromStr;

/// A node's name. Each title of a node is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeName {}

/// What is wrong with a node's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It is no name of a node.
    #[error("`{0}` is no name of a node")]
    Syntax(String),
}

impl FromStr for NodeName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let _ = text;
        todo!()
    }
}

impl NodeName {
    /// The node of this name.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn find(&self, snapshot: &Snapshot) -> Result<NodeId, NameError> {
        let _ = snapshot;
        todo!()
    }
}
