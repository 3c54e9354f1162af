//! An exception, as the embedder sees it. Making and reading one is in `exceptions`.

use crate::handle::{HeapHandle, Tag};
use crate::trap::Backtrace;
use crate::value::Val;
use std::fmt;

/// An exception that left the outermost Wasm function, or that a host function
/// throws by returning it as its [`Error::Exception`](crate::Error::Exception).
///
/// # Examples
/// ```
/// use mangrove::{Engine, Error, Exception, Func, FuncType, Store, Tag, Val, ValType};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let tag = Tag::new(&mut store, FuncType::new([ValType::I32], []))?;
/// // A host function throws: who called it may catch that.
/// let throw = Func::new(&mut store, FuncType::default(), move |mut caller, _, _| {
///     let exception = Exception::new(&mut caller, tag, vec![Val::I32(7)])?;
///     Err(Error::Exception(Box::new(exception)))
/// })?;
/// let Err(Error::Exception(exception)) = throw.call(&mut store, &[]) else { unreachable!() };
/// assert_eq!((exception.tag, exception.values), (tag, vec![Val::I32(7)]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Exception {
    /// The exception object.
    pub handle: HeapHandle,
    /// Its tag.
    pub tag: Tag,
    /// Its payload.
    pub values: Vec<Val>,
    /// Where it was thrown; empty for one the host made.
    pub backtrace: Backtrace,
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "uncaught exception")?;
        for value in &self.values {
            write!(f, " {value}")?;
        }
        Ok(())
    }
}
