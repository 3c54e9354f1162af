//! How a continuation the host resumed comes back, and what the host handles.

use crate::exception::Exception;
use crate::handle::{ContHandle, Tag};
use crate::signature::Signature;
use crate::value::Val;
use mangrove_abi::TypeId;
use mangrove_validate::{HeapType, RefType};
use std::ptr::NonNull;

/// How a continuation the host resumed came back: one of returned, suspended,
/// thrown, interrupted. The fifth way, a trap, is the error [`Error::Trap`](crate::Error::Trap).
///
/// # Examples
/// ```
/// use mangrove::{ContHandle, Error, Outcome, Store, Val};
///
/// /// What a continuation returns that never suspends.
/// fn finish(k: &ContHandle, store: &mut Store<()>, args: &[Val]) -> Result<Vec<Val>, Error> {
///     match k.resume(store, args, &[])? {
///         Outcome::Returned(values) => Ok(values),
///         Outcome::Thrown(exception) => Err(Error::Exception(Box::new(exception))),
///         Outcome::Suspended { .. } => unreachable!("no tag is handled"),
///         Outcome::Interrupted(rest) => finish(&rest, store, &[]),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Its function returned: the continuation is over.
    Returned(Vec<Val>),
    /// It suspended to one of the tags the host handles.
    Suspended {
        /// The tag.
        tag: Tag,
        /// What it suspended with: values of the tag's parameters.
        values: Vec<Val>,
        /// The rest of it. It takes the tag's results, and gives what the
        /// resumed continuation would have returned.
        continuation: ContHandle,
    },
    /// An exception left it: the continuation is over.
    Thrown(Exception),
    /// It was interrupted, and the answer was
    /// [`UpdateDeadline::Yield`](crate::UpdateDeadline::Yield): the rest of it. It takes
    /// nothing, and gives what the resumed continuation would have returned. This comes
    /// from nothing else.
    Interrupted(ContHandle),
}

/// What the host handles while a continuation runs that it resumed.
///
/// # Examples
/// See [`crate::HostAnswer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handler {
    /// Suspensions to this tag: `(on $tag …)`. They come as [`Outcome::Suspended`].
    Suspend(Tag),
    /// Switches by this tag: `(on $tag switch)`. The host does not notice them: another
    /// continuation goes on in place of the one that switches. The tag has no parameters,
    /// and the results of the function of the continuation that the host resumes.
    Switch(Tag),
}

impl From<Tag> for Handler {
    /// Of suspensions.
    fn from(tag: Tag) -> Self {
        Self::Suspend(tag)
    }
}

/// A handler of the host's for suspensions.
pub struct Clause {
    pub tag: Tag,
    /// Of the tag: its parameters are what arrives.
    pub signature: NonNull<Signature>,
    /// The type of what is suspended to it.
    pub ty: RefType,
}

/// The type of references to a type, without null.
pub fn reference_to(ty: TypeId) -> RefType {
    RefType {
        nullable: false,
        heap: HeapType::Concrete(ty),
    }
}
