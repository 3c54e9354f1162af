//! The file of a timeline: bounded, written in pieces that end between two events, and whole
//! after each piece, whatever becomes of the process.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// Bytes that are gathered before they are written.
const PIECE: usize = 64 << 10;

/// A file that a timeline goes to.
pub struct Sink {
    file: File,
    buffer: Vec<u8>,
    /// What makes the file whole behind what was written, and what comes next is written over.
    tail: &'static [u8],
    /// Whether it stands there.
    has_tail: bool,
    /// Whether one can go back in the file: not in a pipe.
    seekable: bool,
    written: u64,
    error: Option<io::Error>,
}

impl Sink {
    /// Of a file that is empty.
    pub fn new(mut file: File, tail: &'static [u8]) -> Self {
        let seekable = file.stream_position().is_ok();
        Self {
            file,
            buffer: Vec::with_capacity(PIECE + 1024),
            tail,
            has_tail: false,
            seekable,
            written: 0,
            error: None,
        }
    }

    /// Where events are put, one after the other.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        let tail = if self.has_tail { self.tail.len() } else { 0 };
        self.written + (self.buffer.len() + tail) as u64
    }

    /// Whether nothing can be written any more.
    pub fn failed(&self) -> bool {
        self.error.is_some()
    }

    /// An event is whole: writes what was gathered, if that is enough.
    #[inline]
    pub fn event_is_over(&mut self) {
        if self.buffer.len() >= PIECE {
            self.flush();
        }
    }

    /// Writes what was gathered.
    pub fn flush(&mut self) {
        if self.buffer.is_empty() || self.failed() {
            self.buffer.clear();
            return;
        }
        if let Err(error) = self.write(self.seekable) {
            self.error = Some(error);
        }
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
    }

    fn write(&mut self, with_tail: bool) -> io::Result<()> {
        let back = self.tail.len() as i64;
        if std::mem::take(&mut self.has_tail) {
            self.file.seek(SeekFrom::Current(-back))?;
        }
        self.file.write_all(&self.buffer)?;
        if with_tail && !self.tail.is_empty() {
            self.file.write_all(self.tail)?;
            self.has_tail = true;
        }
        Ok(())
    }

    /// Writes the rest.
    ///
    /// # Errors
    /// The first there was.
    pub fn finish(&mut self) -> io::Result<()> {
        self.flush();
        match self.error.take() {
            Some(error) => Err(error),
            None if self.has_tail || self.tail.is_empty() => Ok(()),
            None => {
                self.has_tail = true;
                self.file.write_all(self.tail)
            }
        }
    }
}
