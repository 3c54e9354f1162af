//! The socket's file: nobody else's from the beginning, and never in place of another file.
//!
//! A socket that is bound has the permissions that the process gives new files. So it is
//! bound in a new folder that only its owner can enter, given its permissions there, and
//! linked to where it should be, which fails if anything is there.
//!
//! A file that nobody listens at is removed before, and in the end one's own: between the look
//! at what a file is and its removal another process could put its socket there. So both
//! are done with a lock on the folder, which leaves nothing behind and goes with its process.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How long the folder's lock is waited for. Who has it removes a file: whoever keeps it for
/// longer is no server.
const LOCKED: Duration = Duration::from_secs(2);

/// Why nobody can attach.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// There is a file of another kind.
    #[error("{0}: is there, and is no socket")]
    NoSocket(String),
    /// Another process listens there.
    #[error("{0}: another process listens there")]
    InUse(String),
    /// The name is longer than the system takes for a socket.
    #[error("{0}: is too long for a socket's name: about 90 bytes are possible")]
    TooLong(String),
    /// The system refuses.
    #[error("{path}: {error}")]
    Io {
        /// Where.
        path: String,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The system gives no thread.
    #[error("start a thread for the socket: {0}")]
    Thread(#[source] io::Error),
}

/// A path as text.
pub(super) fn shown(path: &Path) -> String {
    mangrove::printable(&path.to_string_lossy()).into_owned()
}

/// A socket's file, which is removed in the end if it is still this one.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    device: u64,
    inode: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        // Without the lock it may be another's by now: a socket that nobody listens at is
        // replaced by the next one.
        let Ok(_locked) = lock(&self.path) else {
            return;
        };
        let same = fs::symlink_metadata(&self.path)
            .is_ok_and(|now| (now.dev(), now.ino()) == (self.device, self.inode));
        if same {
            // Nobody is left to be told.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Listens at a path.
pub(super) fn listen(path: &Path) -> Result<(UnixListener, Place), ListenError> {
    let io = |error: io::Error| match error.kind() {
        ErrorKind::InvalidInput => ListenError::TooLong(shown(path)),
        _ => ListenError::Io {
            path: shown(path),
            error,
        },
    };
    // The name it is bound by may be short enough where this one is not: nobody could connect.
    SocketAddr::from_pathname(path).map_err(io)?;
    let _locked = lock(path).map_err(io)?;
    make_way(path)?;
    let folder = private_folder(path).map_err(io)?;
    let inside = folder.join("s");
    let made = bind(&inside, path);
    // What is left of it is empty, and of no use to anybody.
    let _ = fs::remove_file(&inside);
    let _ = fs::remove_dir(&folder);
    match made {
        Ok(made) => Ok(made),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(ListenError::InUse(shown(path)))
        }
        Err(error) => Err(io(error)),
    }
}

fn bind(inside: &Path, path: &Path) -> io::Result<(UnixListener, Place)> {
    let listener = UnixListener::bind(inside)?;
    fs::set_permissions(inside, Permissions::from_mode(0o600))?;
    fs::hard_link(inside, path)?;
    let metadata = fs::symlink_metadata(path)?;
    let place = Place {
        path: path.to_owned(),
        device: metadata.dev(),
        inode: metadata.ino(),
    };
    Ok((listener, place))
}

/// The folder that a path is in.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Locks the folder that a path is in, until what is returned is dropped.
fn lock(path: &Path) -> io::Result<File> {
    let folder = File::open(parent(path))?;
    let until = Instant::now() + LOCKED;
    loop {
        match folder.try_lock() {
            Ok(()) => return Ok(folder),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= until => {
                return Err(io::Error::other("another process has locked the folder"));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Removes a socket that nobody listens at any more, and nothing else. The folder is locked.
fn make_way(path: &Path) -> Result<(), ListenError> {
    let io = |error| ListenError::Io {
        path: shown(path),
        error,
    };
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other.map_err(io)?,
    };
    if !metadata.file_type().is_socket() {
        return Err(ListenError::NoSocket(shown(path)));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(io)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Ok(_) => Err(ListenError::InUse(shown(path))),
        Err(error) => Err(io(error)),
    }
}

/// A new folder beside the path that only its owner can enter.
fn private_folder(path: &Path) -> io::Result<PathBuf> {
    let process = std::process::id();
    for attempt in 0..100 {
        let folder = parent(path).join(format!(".{process:x}-{attempt}"));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            other => return other.map(|()| folder),
        }
    }
    Err(io::Error::from(ErrorKind::AlreadyExists))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    /// Of several that find a socket at which nobody listens, one gets its place, and keeps it.
    #[test]
    fn one_replaces_a_dead_socket() {
        let folder = std::env::temp_dir().join(format!("mangrove-race-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("s");
        for _ in 0..200 {
            drop(UnixListener::bind(&path).unwrap());
            let barrier = Barrier::new(4);
            let race = || {
                barrier.wait();
                listen(&path)
            };
            let found: Vec<_> = thread::scope(|scope| {
                let all = [(); 4].map(|()| scope.spawn(race));
                all.map(|one| one.join().unwrap()).into()
            });
            let (won, lost): (Vec<_>, Vec<_>) = found.into_iter().partition(Result::is_ok);
            assert_eq!(won.len(), 1, "{won:?}");
            assert!(
                lost.iter()
                    .all(|lost| matches!(lost, Err(ListenError::InUse(_)))),
                "{lost:?}"
            );
            UnixStream::connect(&path).expect("it is who has won that listens there");
            // In the end nothing is left: no socket, no folder.
            drop(won);
            let left = fs::read_dir(&folder).unwrap().count();
            assert_eq!(left, 0);
        }
        fs::remove_dir(&folder).unwrap();
    }
}
