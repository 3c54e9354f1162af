//! The other side: attaches to a program, and has snapshots of it.

use super::PROTOCOL;
use super::address::shown;
use super::lines::Unchunked;
use crate::Snapshot;
use crate::file::ReadError;
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Bytes of an answer's line without a document in it.
const LINE: u64 = 64 << 10;

/// How a snapshot is asked for.
#[derive(Clone, Copy, Debug)]
pub struct AttachOptions {
    wait: Duration,
    follow: bool,
}

impl Default for AttachOptions {
    /// Waits for ten seconds; objects are not known again.
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(10),
            follow: false,
        }
    }
}

impl AttachOptions {
    /// Waits so long for the program to come to a place where it can be looked at.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Whether objects are to be known again in later snapshots of the program, which costs it
    /// some time in each collection from then on.
    #[must_use]
    pub fn follow(mut self, follow: bool) -> Self {
        self.follow = follow;
        self
    }
}

/// Why there is no snapshot of the other process.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    /// Nobody listens there.
    #[error("{path}: {error}")]
    Connect {
        /// Where.
        path: String,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The connection broke, or the other side was silent for too long.
    #[error("the connection to the program broke: {0}")]
    Io(#[from] io::Error),
    /// What listens there speaks otherwise.
    #[error("what listens there is no `mangrove run --inspect` of this version: {0}")]
    Protocol(String),
    /// The program's answer was an error.
    #[error("{message}")]
    Refused {
        /// Its kind.
        kind: String,
        /// What it says.
        message: String,
    },
    /// What came is no snapshot.
    #[error(transparent)]
    Read(ReadError),
    /// The snapshot broke off.
    #[error("the program ended before it had told everything that is alive")]
    Ended,
}

/// A file that ends too early is damaged; an answer that does is of a program that ended meanwhile.
impl From<ReadError> for AttachError {
    fn from(error: ReadError) -> Self {
        match error {
            // One that broke off before its first bytes came has no magic number.
            ReadError::Truncated | ReadError::Magic => Self::Ended,
            other => Self::Read(other),
        }
    }
}

/// A connection to a program that runs.
///
/// # Examples
/// See [`Server::listen`](super::Server::listen).
#[derive(Debug)]
pub struct Client {
    from: BufReader<UnixStream>,
    program: String,
}

/// A snapshot of the program that listens at a path.
///
/// # Errors
/// Nobody listens there, or it does not answer as it must.
///
/// # Examples
/// ```
/// use mangrove_inspect::socket::{AttachError, AttachOptions, attach};
/// use std::path::Path;
///
/// let nobody = attach(Path::new("/nonexistent/socket"), &AttachOptions::default());
/// assert!(matches!(nobody, Err(AttachError::Connect { .. })));
/// ```
pub fn attach(path: &Path, options: &AttachOptions) -> Result<Snapshot, AttachError> {
    Client::attach(path)?.snapshot(options)
}

impl Client {
    /// Attaches.
    ///
    /// # Errors
    /// As [`attach`].
    pub fn attach(path: &Path) -> Result<Self, AttachError> {
        let stream = UnixStream::connect(path).map_err(|error| AttachError::Connect {
            path: shown(path),
            error,
        })?;
        let time = Some(Duration::from_secs(30));
        stream.set_read_timeout(time)?;
        stream.set_write_timeout(time)?;
        let mut client = Self {
            from: BufReader::new(stream),
            program: String::new(),
        };
        let line = client.line()?;
        let hello = match (&line["hello"], &line["error"]) {
            (Value::Object(_), _) => &line["hello"],
            (_, Value::Object(_)) => return Err(refused(&line["error"])),
            _ => return Err(AttachError::Protocol("it says no hello".to_owned())),
        };
        match hello["protocol"].as_u64() {
            Some(protocol) if protocol == u64::from(PROTOCOL) => {}
            Some(other) => {
                let message = format!("it speaks version {other} of the protocol");
                return Err(AttachError::Protocol(message));
            }
            None => return Err(AttachError::Protocol("it names no version".to_owned())),
        }
        client.program = hello["program"].as_str().unwrap_or_default().to_owned();
        Ok(client)
    }

    /// What the program is called.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Has a snapshot taken, and reads it.
    ///
    /// # Errors
    /// As [`attach`].
    pub fn snapshot(&mut self, options: &AttachOptions) -> Result<Snapshot, AttachError> {
        let wait = options.wait + Duration::from_secs(30);
        self.from.get_ref().set_read_timeout(Some(wait))?;
        let seconds = options.wait.as_secs_f64();
        let taken = self.ask(&json!({
            "ask": "snapshot", "wait": seconds, "follow": options.follow}))?;
        let number = taken["moment"]["number"].as_u64();
        let number = number.ok_or_else(|| AttachError::Protocol("no number".to_owned()))?;
        let answer = self.ask(&json!({"ask": "file", "moment": number}))?;
        if answer["format"] != "chunks" {
            return Err(AttachError::Protocol("no chunks".to_owned()));
        }
        let mut chunks = Unchunked::new(&mut self.from);
        let snapshot = Snapshot::read(&mut chunks)?;
        chunks.finish()?;
        Ok(snapshot)
    }

    /// Asks, and has what is `ok`.
    fn ask(&mut self, request: &Value) -> Result<Value, AttachError> {
        let mut line = request.to_string();
        line.push('\n');
        self.from.get_mut().write_all(line.as_bytes())?;
        let mut answer = self.line()?;
        match &answer["error"] {
            Value::Null => Ok(answer["ok"].take()),
            error => Err(refused(error)),
        }
    }

    fn line(&mut self) -> Result<Value, AttachError> {
        let mut line = Vec::new();
        let mut limited = (&mut self.from).take(LINE);
        limited
            .read_until(b'\n', &mut line)
            .map_err(|error| match error.kind() {
                ErrorKind::WouldBlock => ErrorKind::TimedOut.into(),
                _ => error,
            })?;
        if line.is_empty() {
            return Err(io::Error::from(ErrorKind::UnexpectedEof).into());
        }
        if line.last() != Some(&b'\n') {
            return Err(AttachError::Protocol("a line does not end".to_owned()));
        }
        serde_json::from_slice(&line).map_err(|error| AttachError::Protocol(error.to_string()))
    }
}

/// What the other side says is shown to people.
fn refused(error: &Value) -> AttachError {
    let text = |name: &str| {
        let text = error[name].as_str().unwrap_or("an error without a text");
        mangrove::printable(text).into_owned()
    };
    AttachError::Refused {
        kind: text("kind"),
        message: text("message"),
    }
}
