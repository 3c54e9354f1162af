//! How a command fails: one message on standard error and an exit code.
//!
//! | code | meaning |
//! |-|-|
//! | 1 | a test or check failed |
//! | 2 | bad usage, or a module that does not load |
//! | 134 | a trap or an uncaught exception |

use mangrove::{Backtrace, Error, printable};
use mangrove_wast::ScriptError;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// A file's name, to be shown.
pub fn shown(file: &Path) -> String {
    printable(&file.to_string_lossy()).into_owned()
}

/// Why a command did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// Bad usage, or input that cannot be used. Exit code 2.
    Input(String),
    /// A test or check failed; the message says which. Exit code 1.
    Check(String),
    /// Wasm trapped, or an exception left it. Exit code 134.
    Wasm {
        /// The reason.
        message: String,
        /// Where.
        backtrace: Backtrace,
    },
    /// Standard output could not be written. Exit code 1.
    Output(io::Error),
}

impl Failure {
    /// The failure an error of the engine is, for a module from this file.
    pub fn engine(file: &Path, error: Error) -> Self {
        let in_file = |error: &dyn fmt::Display| format!("{}: {error}", shown(file));
        match error {
            Error::Trap(trap) => Self::Wasm {
                message: in_file(&format_args!("trap: {}", trap.reason)),
                backtrace: trap.backtrace,
            },
            Error::Exception(exception) => Self::Wasm {
                message: in_file(&exception),
                backtrace: exception.backtrace,
            },
            Error::Internal(_) => Self::Check(in_file(&error)),
            Error::Invalid { .. }
            | Error::Admission(_)
            | Error::Text(_)
            | Error::Unsupported(_)
            | Error::Link { .. }
            | Error::Limit(_)
            | Error::Compiled(_)
            | Error::Host(_)
            | Error::Usage(_) => Self::Input(in_file(&error)),
            // It names its file itself.
            Error::Io { .. } => Self::Input(error.to_string()),
        }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Check(_) | Self::Output(_) => 1,
            Self::Input(_) => 2,
            Self::Wasm { .. } => 134,
        }
    }

    /// Prints the message on standard error and gives the exit code. Names in it are
    /// escaped where they are put in, because their line breaks have to be; here
    /// nothing gets past, wherever a message is from.
    pub fn report(self) -> ExitCode {
        // Nowhere is left to say that standard error is closed.
        let text = format!("error: {self}");
        let lines: Vec<_> = text.lines().map(printable).collect();
        let _ = writeln!(io::stderr(), "{}", lines.join("\n"));
        ExitCode::from(self.code())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(message) | Self::Check(message) => f.write_str(message),
            Self::Output(error) => write!(f, "standard output: {error}"),
            Self::Wasm { message, backtrace } => {
                let text = backtrace.to_string();
                write!(f, "{message}\n{}", text.trim_end())
            }
        }
    }
}

impl From<ScriptError> for Failure {
    fn from(error: ScriptError) -> Self {
        Self::Input(error.to_string())
    }
}
