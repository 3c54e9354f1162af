//! Refusals of the crates below, as errors of the API.

use crate::bound::Bound;
use crate::error::Error;
use crate::resource::error::ResourceError;
use crate::resource::need::Need;
use mangrove_continuation::LimitError;
use mangrove_heap::HeapError;
use mangrove_stack::StackError;
use rustix::io::Errno;
use std::io;

/// The error of a heap.
pub(crate) fn heap_error(error: HeapError) -> Error {
    match error {
        HeapError::Reserve { bytes, source } => ResourceError::of(
            Need::Reserve,
            "reserve address space for the heap",
            Some(bytes),
            Some(source.raw_os_error()),
        )
        .into(),
        HeapError::Commit { bytes, source } => ResourceError::of(
            Need::Commit,
            "commit heap memory",
            Some(bytes),
            Some(source.raw_os_error()),
        )
        .into(),
        HeapError::List { .. } => {
            let errno = Some(Errno::NOMEM.raw_os_error());
            let what = "allocate a list that a collection needs";
            let list = ResourceError::of(Need::Allocate, what, None, errno);
            list.so(error.to_string()).into()
        }
        HeapError::Limit { .. } => Error::Limit(error.to_string()),
        HeapError::Broken => Error::internal(error),
    }
}

/// The error of a registry without a further continuation. `bound` is what the
/// stacks it may have were counted by, if not by the embedder's own limits.
pub(crate) fn limit_error(error: LimitError, bound: Option<Bound>) -> Error {
    let message = error.to_string();
    match (error, bound) {
        (LimitError::Record { live }, _) => {
            let errno = Some(Errno::NOMEM.raw_os_error());
            ResourceError::of(Need::Allocate, "allocate a record", None, errno)
                .so(format!(
                    "no memory for the record of a further continuation, {live} are live"
                ))
                .into()
        }
        (LimitError::Buffer { live }, _) => {
            let errno = Some(Errno::NOMEM.raw_os_error());
            let what = "allocate the frames of a clone";
            let error = ResourceError::of(Need::Allocate, what, None, errno);
            error.so(no_clone(live)).into()
        }
        (LimitError::Bound { .. }, _) => {
            let errno = Some(Errno::NOMEM.raw_os_error());
            let what = "allocate a list of bound arguments";
            let error = ResourceError::of(Need::Allocate, what, None, errno);
            error.so(message).into()
        }
        (LimitError::Stack { live, source }, bound) => {
            let purpose = no_stack(live);
            match (stack_error(&source), bound) {
                (Some(error), _) => error.so(purpose).into(),
                // The limit of the arena, which the bound has decided.
                (None, Some(bound)) => {
                    let what = "have more stacks at a time";
                    ResourceError::beyond(what, None, bound, None)
                        .so(purpose)
                        .into()
                }
                (None, None) => Error::Limit(message),
            }
        }
        (LimitError::StackBytes { stacks, .. }, Some(bound)) => {
            let what = format!("have more than {stacks} stacks at a time");
            let error = ResourceError::beyond(what, None, bound, None);
            error.so(no_stack(stacks)).into()
        }
        (
            LimitError::StackBytes { .. }
            | LimitError::Continuations { .. }
            | LimitError::Frames { .. },
            _,
        ) => Error::Limit(message),
    }
}

fn no_clone(live: usize) -> String {
    format!("no memory for the frames of a further continuation, {live} are live")
}

fn no_stack(live: usize) -> String {
    format!("no stack for a further continuation, {live} are live")
}

/// The system's refusal of a stack; none if it was not the system's.
fn stack_error(error: &StackError) -> Option<ResourceError> {
    let (need, what, bytes, source) = match error {
        StackError::Limit { .. } => return None,
        StackError::Reserve { bytes, source } => {
            let what = "reserve address space for stacks".to_owned();
            (Need::Map, what, *bytes, source)
        }
        StackError::Guard {
            kind,
            number,
            source,
        } => {
            let what = format!("guard stack {number} ({kind:?} guard)");
            (Need::Protect, what, mangrove_stack::GUARD_SIZE, source)
        }
        StackError::Commit {
            bytes,
            number,
            source,
        } => (
            Need::Commit,
            format!("commit stack {number}"),
            *bytes,
            source,
        ),
    };
    let errno = source.raw_os_error();
    Some(ResourceError::of(need, what, Some(bytes as u64), errno))
}

impl From<ResourceError> for Error {
    fn from(error: ResourceError) -> Self {
        Self::Resource(Box::new(error))
    }
}

/// A mapping that could not be made or changed.
pub(crate) fn map_error(need: Need, what: &str, bytes: u64, error: &io::Error) -> Error {
    let no_memory = Errno::NOMEM.raw_os_error();
    let errno = error.raw_os_error().unwrap_or(no_memory);
    ResourceError::of(need, what, Some(bytes), Some(errno)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::cause::Cause;
    use mangrove_abi::Requests;

    #[test]
    fn a_request_no_process_can_make_is_explained() {
        let error = crate::mapping::Mapping::reserve(1 << 60, &Requests::default()).unwrap_err();
        let error = map_error(Need::Reserve, "reserve it", 1 << 60, &error);
        assert_eq!(error.resource().unwrap().causes(), [Cause::TooLarge]);
    }
}
