//! What can be asked of a [`Snapshot`](crate::Snapshot).
//!
//! | question | answer |
//! |-|-|
//! | what refers to this? | [`Retainers`] |
//! | why is this alive? | [`ways`], a [`Why`] |
//! | what lives because of this alone? | [`Dominators`] |
//! | what would die without this? | [`Dropped`] |
//! | what is there, in numbers? | [`Statistics`] |
//! | which continuations are alike? | [`Shapes`] |
//! | what changed? | [`Diff`] |
//! | what leaks? | [`Suspects`] |
//! | which nodes are meant? | [`Filter`], [`NodeName`] |
//!
//! An answer holds no reference to its snapshot: methods that need it take it again, and it has
//! to be the same one. Nothing here recurses over the graph, so chains of any length are fine.

mod alike;
mod diff;
mod dominators;
mod dropped;
mod filter;
mod matcher;
mod name;
mod near;
mod retainers;
mod shape_key;
mod shapes;
mod statistics;
mod suspects;
#[cfg(test)]
pub(crate) mod tests;
mod tree;
mod ways;

pub use diff::{ContinuationChanges, Count, Diff, ObjectChanges, Pair, StackChange, TypeChange};
pub use dominators::Dominators;
pub use dropped::{Dropped, Gone, TypeSum};
pub use filter::{Filter, FilterError};
pub use matcher::Matcher;
pub use name::{NameError, NodeName};
pub use retainers::Retainers;
pub use shapes::{FrameShape, Shape, Shapes, Spread, Sum, ValueKind};
pub use statistics::{Fragmentation, KindLine, SpaceLine, Statistics, TypeLine};
pub use suspects::{Cause, Holder, Suspect, Suspects};
pub(crate) use suspects::{bytes_text, percent};
pub use ways::{CutWay, Link, Way, Why, ways};
