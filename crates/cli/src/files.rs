//! Files that a command writes: none of them is one that it reads, or writes for another option.
//!
//! Files are told apart by what they are, not by their names: links lead to the same one. Devices
//! and pipes may be written by whoever likes.

use crate::errors::{Failure, shown};
use mangrove_wast::STANDARD_INPUT;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Links that are followed: as many as the system follows.
const LINKS: usize = 40;

/// Which files a command reads and writes.
#[derive(Debug, Default)]
pub struct Files {
    /// What each is: as a sentence about it ends.
    known: Vec<(Identity, String)>,
}

/// What tells a file from others.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    /// Device and inode.
    There(u64, u64),
    /// It will be made: the folder's device and inode, and the name there.
    New(u64, u64, OsString),
}

impl Files {
    /// The program is read from there.
    pub fn of_program(file: &Path) -> Self {
        let mut files = Self::default();
        if file != Path::new(STANDARD_INPUT) {
            files.note(file, "is the program itself".to_owned());
        }
        files
    }

    /// A file that an option has read.
    pub fn read(&mut self, option: &str, file: &Path) {
        self.note(file, format!("is read by {option}"));
    }

    fn note(&mut self, file: &Path, what: String) {
        self.known.extend(identity(file).map(|of| (of, what)));
    }

    /// A file that an option is to write.
    ///
    /// # Errors
    /// It is another's.
    pub fn written(&mut self, option: &str, file: &Path) -> Result<(), Failure> {
        // What cannot be looked at fails where it is written.
        let Some(of) = identity(file) else {
            return Ok(());
        };
        let known = self.known.iter().find(|(known, _)| *known == of);
        if let Some((_, what)) = known {
            let file = shown(file);
            let message = format!("{option} {file}: {what}; it would be overwritten");
            return Err(Failure::Input(message));
        }
        self.known.push((of, format!("is written by {option}")));
        Ok(())
    }
}

/// None if it is no file that can be overwritten.
fn identity(file: &Path) -> Option<Identity> {
    let mut file = file.to_owned();
    for _ in 0..LINKS {
        match fs::metadata(&file) {
            Ok(there) if there.is_file() => return Some(Identity::There(there.dev(), there.ino())),
            Ok(_) => return None,
            Err(error) if error.kind() != ErrorKind::NotFound => return None,
            Err(_) => {}
        }
        let folder = match file.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        // A link to what is not there yet: that will be made.
        if let Ok(to) = fs::read_link(&file) {
            file = folder.join(to);
            continue;
        }
        let there = fs::metadata(folder).ok()?;
        let name = file.file_name()?.to_owned();
        return Some(Identity::New(there.dev(), there.ino(), name));
    }
    None
}
