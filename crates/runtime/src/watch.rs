//! TODO

/// When an observer is called. Counts start at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The Nth collection begins: nothing has moved yet.
    Collection(u64),
    /// The Nth `suspend` or `switch` is about to take effect. Needs
    /// [`crate::Hooks::switches`].
    Suspend(u64),
    /// The Nth `resume` or `resume_throw` is about to take effect. Needs the same.
    Resume(u64),
    /// Execution trapped; all stacks are still there.
    Trap,
    /// The outermost call from the host, or resumption by it, is over.
    End,
}
