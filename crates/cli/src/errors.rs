//! How a command fails: one message on standard error and an exit code.
//!
//! | code | meaning |
//! |-|-|
//! | 1 | a test or check failed |
//! | 2 | bad usage, or a module that does not load |
//! | 3 | memory, address space, a thread or a file's size was refused: nothing is known of the program |
//! | 134 | a trap, an uncaught exception or an error of a host function |
//!
//! A program that ends itself chooses its own.

use mangrove::{
    Backtrace, Error, I32Exit, ResourceError, TextPosition, TrapReason, ctrl_c_came, printable,
};
use mangrove_wast::{STANDARD_INPUT, ScriptError};
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// The exit code for bad usage and bad input.
pub const INPUT: u8 = 2;
/// The exit code for a refused resource.
pub const REFUSED: u8 = 3;

/// A file's name, to be shown.
pub fn shown(file: &Path) -> String {
    if file == Path::new(STANDARD_INPUT) {
        return "standard input".to_owned();
    }
    printable(&file.to_string_lossy()).into_owned()
}

/// Why a command did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// Bad usage, or input that cannot be used. Exit code 2.
    Input(String),
    /// A limit that was set, or left as it was, does not allow it. Exit code 2.
    Limit(String),
    /// A test or check failed; the message says which. Exit code 1.
    Check(String),
    /// The system, or a bound that was set, refused a resource. Exit code 3.
    Resource {
        /// What was refused, and why.
        message: String,
        /// Where Wasm was, if it ran.
        backtrace: Option<Backtrace>,
    },
    /// Wasm trapped, or an exception left it. Exit code 134.
    Wasm {
        /// The trap, or the exception.
        message: String,
        /// Where Wasm was.
        backtrace: Backtrace,
    },
    /// The program ended itself (`mangrove` `exit`). The low 8 bits of what it said are the
    /// exit code, as the system has it; 0 is success. Nothing is printed.
    Exit(i32),
    /// Standard output could not be written. Exit code 1, or 3 where a limit of the
    /// process is why.
    Output(io::Error),
}

impl Failure {
    /// The failure an error of the engine is, for a module from this file.
    pub fn engine(file: &Path, error: Error) -> Self {
        let in_file = |error: &dyn fmt::Display| format!("{}: {error}", shown(file));
        if error.resource().is_some() {
            return Self::refused(in_file(&error), error);
        }
        if let Some(&I32Exit(code)) = error.downcast_ref() {
            return Self::Exit(code);
        }
        match error {
            Error::Custom(custom) => Self::Wasm {
                message: in_file(&custom),
                backtrace: custom.backtrace().cloned().unwrap_or_default(),
            },
            // With the place in the text first, as of a text that does not parse.
            Error::Invalid {
                offset,
                message,
                place: Some(place),
            } if let Some(TextPosition { line, column }) = place.position => {
                let file = shown(file);
                let at = format!("{file}:{line}:{column}: invalid module at offset {offset:#x}");
                Self::Input(format!("{at}, in {place}: {message}"))
            }
            Error::Trap(trap) => Self::Wasm {
                message: in_file(&format_args!("trap: {}{}", trap.reason, by(&trap.reason))),
                backtrace: trap.backtrace,
            },
            Error::Exception(exception) => Self::Wasm {
                message: in_file(&exception),
                backtrace: exception.backtrace,
            },
            Error::Internal(_) => Self::Check(in_file(&error)),
            Error::Limit(_) => Self::Limit(in_file(&error)),
            Error::Invalid { .. }
            | Error::Admission(_)
            | Error::Text(_)
            | Error::Unsupported(_)
            | Error::Link { .. }
            | Error::Resource(_)
            | Error::Compiled(_)
            | Error::Host(_)
            | Error::Object(_)
            | Error::Usage(_) => Self::Input(in_file(&error)),
            // It names its file itself.
            Error::Io { .. } => Self::Input(error.to_string()),
        }
    }

    /// A refused resource, with the backtrace where the error has one.
    fn refused(message: String, error: Error) -> Self {
        let backtrace = match error {
            Error::Trap(trap) => Some(trap.backtrace),
            _ => None,
        };
        Self::Resource { message, backtrace }
    }

    /// A file that could not be written. The system says of a limit no more than that
    /// the file is too large.
    pub fn unwritable(file: &Path, error: &io::Error) -> Self {
        match ResourceError::file_size(format!("write {}", shown(file)), error) {
            Some(refused) => Self::settings(refused.into()),
            None => Self::Input(format!("{}: {error}", shown(file))),
        }
    }

    /// The failure an error is that has nothing to do with a file.
    pub fn settings(error: Error) -> Self {
        let message = error.to_string();
        match error.resource() {
            Some(_) => Self::refused(message, error),
            None => Self::Input(message),
        }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Output(error) if ResourceError::file_size("", error).is_some() => REFUSED,
            Self::Check(_) | Self::Output(_) => 1,
            Self::Input(_) | Self::Limit(_) => INPUT,
            Self::Resource { .. } => REFUSED,
            Self::Wasm { .. } => 134,
            Self::Exit(code) => *code as u8,
        }
    }

    /// Prints the message on standard error and gives the exit code. Names in it are
    /// escaped where they are put in, because their line breaks have to be; here
    /// nothing gets past, wherever a message is from.
    pub fn report(self) -> ExitCode {
        if let Self::Exit(_) = self {
            return ExitCode::from(self.code());
        }
        // Nowhere is left to say that standard error is closed.
        let text = format!("error: {self}");
        let lines: Vec<_> = text.lines().map(printable).collect();
        let _ = writeln!(io::stderr(), "{}", lines.join("\n"));
        ExitCode::from(self.code())
    }
}

/// Who ended a program from outside.
fn by(reason: &TrapReason) -> &'static str {
    match reason {
        TrapReason::Interrupt if ctrl_c_came() => " by Ctrl-C",
        TrapReason::Interrupt => ": the time is over (--timeout)",
        TrapReason::OutOfFuel => " (--fuel)",
        _ => "",
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(message) | Self::Limit(message) | Self::Check(message) => {
                f.write_str(message)
            }
            Self::Exit(code) => I32Exit(*code).fmt(f),
            Self::Output(error) => match ResourceError::file_size("write standard output", error) {
                Some(refused) => write!(f, "{refused}"),
                None => write!(f, "standard output: {error}"),
            },
            Self::Resource {
                message,
                backtrace: None,
            } => f.write_str(message),
            Self::Resource {
                message,
                backtrace: Some(backtrace),
            }
            | Self::Wasm { message, backtrace } => {
                let text = backtrace.to_string();
                write!(f, "{message}\n{}", text.trim_end())
            }
        }
    }
}

impl From<ScriptError> for Failure {
    fn from(error: ScriptError) -> Self {
        let message = error.to_string();
        match error {
            ScriptError::Setup { error, .. } if error.resource().is_some() => {
                Self::refused(message, *error)
            }
            ScriptError::Read(error) => Self::settings(*error),
            _ => Self::Input(message),
        }
    }
}
