//! Errors as programs that end with one show them: `unwrap`, and a `main` that returns
//! one, print what `Debug` writes.

use crate::error::Error;
use std::fmt;

/// The kind of error, its message, and below it the backtrace, if it has one:
///
/// ```text
/// Trap: integer divide by zero
///    0: func 0 $divide at 0x27
///    1: func 1 $main at 0x2e
/// ```
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", kind(self))?;
        match self.backtrace() {
            Some(backtrace) if !backtrace.entries.is_empty() => {
                write!(f, "\n{}", backtrace.to_string().trim_end())
            }
            _ => Ok(()),
        }
    }
}

/// The name of the variant.
fn kind(error: &Error) -> &'static str {
    match error {
        Error::Trap(_) => "Trap",
        Error::Exception(_) => "Exception",
        Error::Invalid { .. } => "Invalid",
        Error::Admission(_) => "Admission",
        Error::Compiled(_) => "Compiled",
        Error::Text(_) => "Text",
        Error::Io { .. } => "Io",
        Error::Unsupported(_) => "Unsupported",
        Error::Link { .. } => "Link",
        Error::Limit(_) => "Limit",
        Error::Resource(_) => "Resource",
        Error::Host(_) => "Host",
        Error::Custom(_) => "Custom",
        Error::Object(_) => "Object",
        Error::Usage(_) => "Usage",
        Error::Internal(_) => "Internal",
    }
}
