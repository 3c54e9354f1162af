//! Standard output, with its errors handled in one place.
//!
//! A reader that went away is no error: `mangrove wast … | head` has done what
//! it was asked for. Any other error of writing is one.

use crate::errors::Failure;
use mangrove::printable;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Stdout, Write};
use std::sync::{Mutex, PoisonError};

/// Where a command writes its output.
pub struct Output {
    target: Target,
    closed: bool,
}

enum Target {
    Standard(BufWriter<Stdout>),
    Captured(Vec<u8>),
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
            target: Target::Captured(Vec::new()),
            closed: false,
        }
    }

    /// The text in memory; empty if this was standard output.
    pub fn into_text(self) -> String {
        match self.target {
            Target::Captured(text) => String::from_utf8_lossy(&text).into_owned(),
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
                captured.extend_from_slice(text.as_bytes());
                Ok(())
            }
            Target::Standard(_) if self.closed => Ok(()),
            Target::Standard(stdout) => stdout.write_all(text.as_bytes()),
        };
        self.check(result)
    }

    /// Lets `write` write, until the reader goes away.
    pub fn stream<E>(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut stream = Stream { output: self };
        let result = write(&mut stream);
        match result {
            // What the reader does not want is no failure.
            Err(_) if self.closed => Ok(()),
            result => result,
        }
    }

    /// Whether people look at it, and at how many columns, if that is known.
    pub fn terminal(&self) -> Option<Option<usize>> {
        match self.target {
            Target::Standard(_) if io::stdout().is_terminal() => {
                let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
                let columns = size.map(|size| usize::from(size.ws_col));
                Some(columns.filter(|&columns| columns > 0))
            }
            _ => None,
        }
    }

    /// Says on standard error what may help, and is no failure.
    pub fn note(&mut self, text: &str) {
        if let Target::Standard(_) = self.target {
            note_now(text);
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

/// The output as a writer. Who writes on after the reader is gone is told so.
struct Stream<'o> {
    output: &'o mut Output,
}

impl Write for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = match &mut self.output.target {
            Target::Captured(captured) => captured.write(bytes),
            Target::Standard(_) if self.output.closed => Err(ErrorKind::BrokenPipe.into()),
            Target::Standard(stdout) => stdout.write(bytes),
        };
        if let Err(error) = &result {
            self.output.closed |= error.kind() == ErrorKind::BrokenPipe;
        }
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a line at once, for printing functions that Wasm calls. An error is
/// theirs to ignore: Wasm cannot see it, and the command's own output will.
pub fn line_now(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// Notes that wait while the terminal is somebody's: none while it is not.
static HELD: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// Says on standard error what may help, from any thread.
pub fn note_now(text: &str) {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    let text = format!("note: {}", printable(text));
    match &mut *held {
        Some(notes) => notes.push(text),
        // Nowhere is left to say that standard error is closed.
        None => drop(writeln!(io::stderr(), "{text}")),
    }
}

/// That notes wait. They are said when this is dropped.
pub struct HeldNotes(());

/// Has notes wait: a program has the whole terminal.
pub fn hold_notes() -> HeldNotes {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    held.get_or_insert_default();
    HeldNotes(())
}

impl Drop for HeldNotes {
    fn drop(&mut self) {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        for note in held.take().unwrap_or_default() {
            let _ = writeln!(io::stderr(), "{note}");
        }
    }
}
