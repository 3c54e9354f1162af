//! How a host function comes back that may suspend its caller.

use crate::handle::{ContHandle, Tag};
use crate::value::Val;

/// How a host function comes back that may suspend its caller: see
/// [`Func::suspending`](crate::Func::suspending).
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, Func, FuncType, Handler, HostAnswer, Outcome, Store, Tag, Val, ValType};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let tag = Tag::new(&mut store, FuncType::new([ValType::I32], []))?;
/// // Suspends whoever calls it, with the number it is called with.
/// let ty = FuncType::new([ValType::I32], []);
/// let pause = Func::suspending(&mut store, ty, move |_, args, _| {
///     Ok(HostAnswer::suspend(tag, args))
/// })?;
/// let outcome = pause.call_with_handlers(&mut store, &[Val::I32(5)], &[Handler::Suspend(tag)])?;
/// assert!(matches!(outcome, Outcome::Suspended { values, .. } if values == [Val::I32(5)]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub enum HostAnswer {
    /// With the results it has left in their places.
    Return,
    /// By a suspension to a tag, as if its call were a `suspend`: the innermost `resume` that
    /// handles the tag gets these values and the continuation that called. When that is
    /// resumed, what it is resumed with are the results of the call.
    Suspend {
        /// The tag. Its results are those of the function.
        tag: Tag,
        /// Values of the tag's parameters.
        values: Vec<Val>,
    },
    /// By a switch to another continuation, as if its call were a `switch`: that one goes on
    /// in place of the one that called, up to the innermost `resume` with a clause
    /// `(on $tag switch)`, and gets the one that called as its last argument. When that is
    /// resumed, what it is resumed with are the results of the call.
    Switch {
        /// The tag, which has no parameters.
        tag: Tag,
        /// Whom to switch to. The handle is used up.
        continuation: ContHandle,
        /// Its arguments but for the last.
        values: Vec<Val>,
    },
}

impl HostAnswer {
    /// A suspension to a tag with these values.
    pub fn suspend(tag: Tag, values: impl Into<Vec<Val>>) -> Self {
        Self::Suspend {
            tag,
            values: values.into(),
        }
    }
}
