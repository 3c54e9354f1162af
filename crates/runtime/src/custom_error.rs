//! Errors of the embedder's own types, on their way through Wasm.

use crate::trap::Backtrace;
use std::error::Error as StdError;
use std::fmt;

/// An error of the embedder's own type, and where Wasm was when a host function
/// returned it.
///
/// # Examples
/// ```
/// use mangrove::Error;
///
/// let Error::Custom(custom) = Error::new("no more tea") else { panic!() };
/// assert_eq!(custom.error().to_string(), "no more tea");
/// assert!(custom.backtrace().is_none(), "it has not crossed Wasm");
/// ```
///
/// ```
/// use mangrove::{CustomError, Error};
///
/// # use std::error::Error as StdError;
/// let error = Error::new(std::fmt::Error);
/// assert!(error.is::<std::fmt::Error>());
/// let Error::Custom(custom) = error else { unreachable!() };
/// let custom: CustomError = *custom;
/// assert!(custom.backtrace().is_none(), "it has not crossed Wasm");
/// ```
#[derive(Debug)]
pub struct CustomError {
    error: Box<dyn StdError + Send + Sync>,
    backtrace: Option<Backtrace>,
}

impl CustomError {
    /// It has not crossed Wasm yet.
    pub(crate) fn new(error: Box<dyn StdError + Send + Sync>) -> Self {
        Self {
            error,
            backtrace: None,
        }
    }

    /// The error itself.
    ///
    /// # Examples
    /// See [`CustomError`].
    pub fn error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.error
    }

    /// The error itself, to own.
    ///
    /// # Examples
    /// ```
    /// use mangrove::Error;
    ///
    /// let Error::Custom(custom) = Error::new("no more tea") else { panic!() };
    /// assert_eq!(custom.into_error().to_string(), "no more tea");
    /// ```
    pub fn into_error(self) -> Box<dyn StdError + Send + Sync> {
        self.error
    }

    /// Where Wasm was, across all continuations and host functions; none if the error
    /// has not crossed Wasm.
    ///
    /// # Examples
    /// See [`CustomError`].
    pub fn backtrace(&self) -> Option<&Backtrace> {
        self.backtrace.as_ref()
    }

    /// The error, if it is of this type.
    pub(crate) fn downcast<E: StdError + Send + Sync + 'static>(self) -> Result<E, Self> {
        let backtrace = self.backtrace;
        match self.error.downcast() {
            Ok(error) => Ok(*error),
            Err(error) => Err(Self { error, backtrace }),
        }
    }

    /// It has crossed Wasm, which was there. What it crossed first is what counts: that
    /// lists what lies further out as well.
    pub(crate) fn crossed(&mut self, backtrace: Backtrace) {
        self.backtrace.get_or_insert(backtrace);
    }
}

impl fmt::Display for CustomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl StdError for CustomError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}
