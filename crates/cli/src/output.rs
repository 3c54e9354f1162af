//! Standard output, with its errors handled in one place.
//!
//! A reader that went away is no error: `mangrove wast … | head` has done what
//! it was asked for. Any other error of writing is one.

use crate::errors::Failure;
use mangrove::printable;
use std::io::{self, BufWriter, ErrorKind, Stdout, Write};

/// Where a command writes its output.
pub struct Output {
    target: Target,
    closed: bool,
}

enum Target {
    Standard(BufWriter<Stdout>),
    Captured(String),
}

impl Output {
    /// Standard output, buffered.
    pub fn standard() -> Self {
        Self {
            target: Target::Standard(BufWriter::new(io::stdout())),
            closed: false,
        }
    }

    /// A text in memory.
    pub fn captured() -> Self {
        Self {
            target: Target::Captured(String::new()),
            closed: false,
        }
    }

    /// The text in memory; empty if this was standard output.
    pub fn into_text(self) -> String {
        match self.target {
            Target::Captured(text) => text,
            Target::Standard(_) => String::new(),
        }
    }

    /// Writes a line.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.text(text)?;
        self.text("\n")
    }

    /// Writes a text as it is.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        let result = match &mut self.target {
            Target::Captured(captured) => {
                captured.push_str(text);
                Ok(())
            }
            Target::Standard(_) if self.closed => Ok(()),
            Target::Standard(stdout) => stdout.write_all(text.as_bytes()),
        };
        self.check(result)
    }

    /// Says on standard error what may help, and is no failure.
    pub fn note(&mut self, text: &str) {
        if let Target::Standard(_) = self.target {
            // Nowhere is left to say that standard error is closed.
            let _ = writeln!(io::stderr(), "note: {}", printable(text));
        }
    }

    /// Writes out what is in the buffer.
    pub fn flush(&mut self) -> Result<(), Failure> {
        let result = match &mut self.target {
            Target::Standard(stdout) if !self.closed => stdout.flush(),
            _ => Ok(()),
        };
        self.check(result)
    }

    fn check(&mut self, result: io::Result<()>) -> Result<(), Failure> {
        match result {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other.map_err(Failure::Output),
        }
    }
}

/// Writes a line at once, for printing functions that Wasm calls. An error is
/// theirs to ignore: Wasm cannot see it, and the command's own output will.
pub fn line_now(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}
