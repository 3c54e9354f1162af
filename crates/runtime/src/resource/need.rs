//! What a request that failed was for.

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Address space that cannot be written to yet.
    Reserve,
    /// Address space that can be written to, and is counted when it is.
    Map,
    /// That a part of what was reserved can be written to.
    Commit,
    /// Another protection of a part, which makes a mapping of its own.
    Protect,
    /// Memory from the allocator.
    Allocate,
    /// A thread, with its stack.
    Thread,
}
