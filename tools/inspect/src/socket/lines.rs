//! Lines from somebody who may never end one, and answers to somebody who may never read.

use super::LINE;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Time for a line, once it has begun.
const TO_END: Duration = Duration::from_secs(10);
/// Time without a word.
const IDLE: Duration = Duration::from_secs(600);
/// Time in which an answer has to be read.
const TO_READ: Duration = Duration::from_secs(60);
/// How often it is looked at what has become of time.
const TICK: Duration = Duration::from_millis(250);

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line, without its end.
    Text(Vec<u8>),
    /// The other side has closed, or said nothing for long, or somebody wants us to stop.
    End,
    /// A line that is too long, or did not end in time.
    Bad(&'static str),
}

/// Lines of a connection.
#[derive(Debug)]
pub(super) struct Lines {
    stream: UnixStream,
    /// What was read, and is not a whole line yet.
    read: Vec<u8>,
}

impl Lines {
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(TICK))?;
        let read = Vec::new();
        Ok(Self { stream, read })
    }

    /// The next line. `stop` is asked now and then.
    pub(super) fn next(&mut self, stop: &dyn Fn() -> bool) -> io::Result<Line> {
        let began = Instant::now();
        let mut first = (!self.read.is_empty()).then(Instant::now);
        let mut searched = 0;
        loop {
            if let Some(end) = self.read[searched..].iter().position(|&byte| byte == b'\n') {
                let mut line: Vec<u8> = self.read.drain(..=searched + end).collect();
                line.pop();
                return Ok(Line::Text(line));
            }
            searched = self.read.len();
            if searched >= LINE {
                return Ok(Line::Bad("a request has at most 4096 bytes"));
            }
            if first.is_some_and(|first| first.elapsed() > TO_END) {
                return Ok(Line::Bad("the line did not end in time"));
            }
            if stop() || (first.is_none() && began.elapsed() > IDLE) {
                return Ok(Line::End);
            }
            let mut buffer = [0; 1024];
            let room = buffer.len().min(LINE - searched);
            match self.stream.read(&mut buffer[..room]) {
                Ok(0) => return Ok(Line::End),
                Ok(count) => {
                    first.get_or_insert_with(Instant::now);
                    self.read.extend_from_slice(&buffer[..count]);
                }
                Err(error) if waits(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether the other side has closed: it is asked, and what it has said is kept.
    pub(super) fn closed(&mut self) -> bool {
        if self.read.len() >= LINE {
            return false;
        }
        let mut buffer = [0; 256];
        let room = buffer.len().min(LINE - self.read.len());
        // Nothing is waited for. No other thread uses this connection.
        let mut read = || {
            self.stream.set_nonblocking(true)?;
            let read = self.stream.read(&mut buffer[..room]);
            self.stream.set_nonblocking(false)?;
            read
        };
        match read() {
            Ok(0) => true,
            Ok(count) => {
                self.read.extend_from_slice(&buffer[..count]);
                false
            }
            Err(error) => !waits(&error),
        }
    }
}

fn waits(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

/// The writing end, for one answer: all of it has to be taken in time.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    stream: &'a UnixStream,
    until: Instant,
}

impl<'a> Answer<'a> {
    pub(super) fn new(stream: &'a UnixStream) -> Self {
        let until = Instant::now() + TO_READ;
        Self { stream, until }
    }
}

impl Write for Answer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_write_timeout(Some(left))?;
        match self.stream.write(bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(ErrorKind::TimedOut.into()),
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes in chunks, each with its length in front.
#[derive(Debug)]
pub(super) struct Chunks<W>(pub(super) W);

impl<W: Write> Chunks<W> {
    /// Says that this was all.
    pub(super) fn end(mut self) -> io::Result<W> {
        self.0.write_all(&0u32.to_le_bytes())?;
        Ok(self.0)
    }
}

impl<W: Write> Write for Chunks<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(1 << 20)];
        if !bytes.is_empty() {
            self.0.write_all(&(bytes.len() as u32).to_le_bytes())?;
            self.0.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The same, read.
#[derive(Debug)]
pub(super) struct Unchunked<R> {
    from: R,
    left: usize,
    over: bool,
}

impl<R: Read> Unchunked<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            left: 0,
            over: false,
        }
    }

    /// Reads what is left, so that the next answer can be read.
    pub(super) fn finish(mut self) -> io::Result<()> {
        io::copy(&mut self, &mut io::sink()).map(|_| ())
    }
}

impl<R: Read> Read for Unchunked<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.over && !into.is_empty() {
            let mut length = [0; 4];
            self.from.read_exact(&mut length)?;
            self.left = u32::from_le_bytes(length) as usize;
            self.over = self.left == 0;
        }
        if self.over {
            return Ok(0);
        }
        let room = into.len().min(self.left);
        let count = self.from.read(&mut into[..room])?;
        if count == 0 && room > 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.left -= count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::{Chunks, Line, Lines, Unchunked};
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    #[test]
    fn chunks_come_back_as_they_were_and_cut_ones_are_an_error() {
        let bytes: Vec<u8> = (0..3_000_000u32).map(|number| number as u8).collect();
        let mut chunks = Chunks(Vec::new());
        chunks.write_all(&bytes).unwrap();
        let whole = chunks.end().unwrap();
        let mut back = Vec::new();
        Unchunked::new(&whole[..]).read_to_end(&mut back).unwrap();
        assert!(back == bytes);
        for end in [0, 3, 4, 100, whole.len() - 4, whole.len() - 1] {
            let cut = Unchunked::new(&whole[..end]).read_to_end(&mut Vec::new());
            assert!(cut.is_err(), "{end}");
        }
    }

    #[test]
    fn lines_are_bounded_and_may_come_in_pieces() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut lines = Lines::new(ours).unwrap();
        let never = || false;
        theirs.write_all(b"one\ntw").unwrap();
        assert_eq!(lines.next(&never).unwrap(), Line::Text(b"one".to_vec()));
        theirs.write_all(b"o\n").unwrap();
        assert_eq!(lines.next(&never).unwrap(), Line::Text(b"two".to_vec()));
        assert_eq!(lines.next(&|| true).unwrap(), Line::End);
        theirs.write_all(&[b'x'; 5000]).unwrap();
        assert!(matches!(lines.next(&never).unwrap(), Line::Bad(_)));
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        assert_eq!(Lines::new(ours).unwrap().next(&never).unwrap(), Line::End);
    }
}
