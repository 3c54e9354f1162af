//! Reading a file of which nobody knows how long it is: bounded, and with a lack of
//! memory told as what it is.

use mangrove_runtime::{Error, ResourceError};
use mangrove_validate::printable;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Most bytes of a file that [`read_file`] reads: 1 GiB, which is the most that engines
/// take for a module.
///
/// # Examples
/// ```
/// use mangrove::{MOST_INPUT};
///
/// // A stream that does not end is read up to here, and then refused.
/// assert!(MOST_INPUT >= 1 << 20);
/// ```
pub const MOST_INPUT: u64 = 1 << 30;

/// The bytes of a file, of [`MOST_INPUT`] at the most. It may be one without an end.
///
/// # Errors
/// [`Error::Io`], with [`ErrorKind::FileTooLarge`] for a file that is longer, and
/// [`Error::Resource`] if memory for it is not to be had.
///
/// # Examples
/// ```
/// use mangrove::Error;
/// use std::path::Path;
///
/// assert!(matches!(mangrove::read_file(Path::new("/no/such")), Err(Error::Io { .. })));
/// assert!(mangrove::read_file(Path::new("/dev/null"))?.is_empty());
/// # Ok::<(), Error>(())
/// ```
pub fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    read(path, MOST_INPUT)
}

/// The bytes of what has no path, like standard input: of [`MOST_INPUT`] at the most.
/// `name` stands for it in messages.
///
/// # Errors
/// As [`read_file`].
///
/// # Examples
/// ```
/// use std::path::Path;
///
/// let bytes = mangrove::read_input(&b"(module)"[..], Path::new("a slice"))?;
/// assert_eq!(bytes, b"(module)");
/// # Ok::<(), mangrove::Error>(())
/// ```
pub fn read_input(input: impl Read, name: &Path) -> Result<Vec<u8>, Error> {
    read_from(input, name, 0, MOST_INPUT)
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let failed = |source: io::Error| Error::Io {
        path: path.to_path_buf(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    // Of a device or a pipe the length says nothing.
    let len = file.metadata().map_err(failed)?.len();
    read_from(file, path, len, most)
}

/// Reads what is expected to be so long, and may be so long at most.
fn read_from(input: impl Read, path: &Path, len: u64, most: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let failed = |source: io::Error| Error::Io {
        path: path.to_path_buf(),
        source,
    };
    let long = || {
        let message = format!("longer than {most} bytes, the most that is read of a file");
        failed(io::Error::new(ErrorKind::FileTooLarge, message))
    };
    if len > most {
        return Err(long());
    }
    let read = bytes
        .try_reserve_exact(len as usize)
        .map_err(|_| ErrorKind::OutOfMemory.into())
        .and_then(|()| input.take(most + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) if bytes.len() as u64 > most => Err(long()),
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::OutOfMemory => {
            // While what was read is still there: it is a part of what is in use. A list
            // that is full asks for twice as much.
            let wanted = len.max(2 * bytes.capacity() as u64);
            let what = format!("read {}", printable(&path.to_string_lossy()));
            Err(ResourceError::memory(what, Some(wanted)).into())
        }
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_is_read_up_to_the_bound_and_no_further() {
        let path = std::env::temp_dir().join(format!("mangrove-input-{}", std::process::id()));
        fs::write(&path, [7; 1000]).unwrap();
        assert_eq!(read(&path, 1000).unwrap(), [7; 1000]);
        let too_large = |path: &Path| {
            let error = read(path, 999).unwrap_err();
            assert!(
                error.to_string().contains("longer than 999 bytes"),
                "{error}"
            );
            assert!(matches!(error, Error::Io { source, .. }
                if source.kind() == ErrorKind::FileTooLarge));
        };
        too_large(&path);
        fs::remove_file(&path).unwrap();
        // These say that they have no length.
        too_large(Path::new("/dev/zero"));
        assert!(
            !read(Path::new("/proc/self/status"), 1 << 20)
                .unwrap()
                .is_empty()
        );
    }
}
