//! Scripts of a folder that is given by hand.

use crate::specification::Script;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The folder that is left out wherever it is met.
pub const LEFT_OUT: &str = "proposals";

/// The scripts of a folder and of those in it, by name, and how many there are
/// in folders that are left out.
///
/// # Errors
/// Something cannot be read.
pub fn scripts(folder: &Path) -> io::Result<(Vec<Script>, usize)> {
    let (mut found, mut left_out) = (Vec::new(), 0);
    for path in below(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path);
        if name.iter().any(|part| part == LEFT_OUT) {
            left_out += 1;
            continue;
        }
        found.push(Script {
            name: name.display().to_string(),
            text: fs::read_to_string(&path)?,
        });
    }
    Ok((found, left_out))
}

/// The paths of all scripts in a folder, by name.
///
/// # Errors
/// A folder cannot be read.
pub fn below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(below(&path)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "wast")
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
