//! The folder of an export: each file's checksum in a manifest, and nothing overwritten
//! that is not in one.
//!
//! A file is named in `MANIFEST.part` before it is there, so an export that was stopped
//! can be done again. At the end that becomes `MANIFEST`.

use super::{ExportError, FORM};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

const MANIFEST: &str = "MANIFEST";
const PART: &str = "MANIFEST.part";

/// A folder that is being written.
pub(super) struct Folder {
    path: PathBuf,
    part: BufWriter<File>,
    /// Checksum and name of each file, in the order in which they came first.
    lines: Vec<(String, String)>,
    /// By name: its place in `lines`.
    known: HashMap<String, usize>,
}

impl Folder {
    /// Makes it if there is none, and reads what earlier exports left.
    pub(super) fn open(path: &Path) -> Result<Self, ExportError> {
        let io = |path: &Path, source| ExportError::Io {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(path).map_err(|error| io(path, error))?;
        let mut lines = Vec::new();
        for name in [MANIFEST, PART] {
            let manifest = path.join(name);
            match fs::read_to_string(&manifest) {
                Ok(text) => read(&manifest, &text, &mut lines)?,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(io(&manifest, error)),
            }
        }
        let mut folder = Self {
            path: path.to_owned(),
            // What was in it has been read.
            part: replaced(&path.join(PART)).map_err(|error| io(&path.join(PART), error))?,
            lines: Vec::new(),
            known: HashMap::new(),
        };
        folder.note(&header())?;
        for (sum, name) in lines {
            folder.list(sum, &name)?;
        }
        Ok(folder)
    }

    /// Writes a file.
    pub(super) fn write(&mut self, name: &str, contents: &[u8]) -> Result<(), ExportError> {
        let path = self.path.join(name);
        let io = |source| ExportError::Io {
            path: path.clone(),
            source,
        };
        if !self.known.contains_key(name) {
            match fs::symlink_metadata(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(io(error)),
                Ok(_) => return Err(ExportError::InTheWay { path }),
            }
        }
        let mut sum = String::new();
        for byte in Sha256::digest(contents) {
            // Writing to a string cannot fail.
            let _ = write!(sum, "{byte:02x}");
        }
        self.list(sum, name)?;
        self.part.flush().map_err(io)?;
        let mut file = replaced(&path).map_err(io)?;
        file.write_all(contents)
            .and_then(|()| file.flush())
            .map_err(io)
    }

    /// Everything is there.
    pub(super) fn close(mut self) -> Result<(), ExportError> {
        self.part.flush().map_err(|error| self.of_part(error))?;
        // The part has a line for each time that a file was written; the manifest has the last.
        let path = self.path.join(PART);
        let io = |source| ExportError::Io {
            path: path.clone(),
            source,
        };
        let mut whole = replaced(&path).map_err(io)?;
        whole.write_all(header().as_bytes()).map_err(io)?;
        for (sum, name) in &self.lines {
            writeln!(whole, "{sum}  {name}").map_err(io)?;
        }
        whole.flush().map_err(io)?;
        fs::rename(&path, self.path.join(MANIFEST)).map_err(io)
    }

    fn list(&mut self, sum: String, name: &str) -> Result<(), ExportError> {
        self.note(&format!("{sum}  {name}\n"))?;
        if let Some(&at) = self.known.get(name) {
            self.lines[at].0 = sum;
        } else {
            self.known.insert(name.to_owned(), self.lines.len());
            self.lines.push((sum, name.to_owned()));
        }
        Ok(())
    }

    fn note(&mut self, line: &str) -> Result<(), ExportError> {
        let result = self.part.write_all(line.as_bytes());
        result.map_err(|error| self.of_part(error))
    }

    fn of_part(&self, source: io::Error) -> ExportError {
        ExportError::Io {
            path: self.path.join(PART),
            source,
        }
    }
}

/// The first line of a manifest: what wrote it. A comment, for `sha256sum -c`.
fn header() -> String {
    format!(
        "# mangrove stress export, form {FORM}, version {}\n",
        env!("CARGO_PKG_VERSION")
    )
}

fn read(path: &Path, text: &str, lines: &mut Vec<(String, String)>) -> Result<(), ExportError> {
    let wrong = |why| ExportError::Manifest {
        path: path.to_owned(),
        why,
    };
    let Some(rest) = text.strip_prefix(&header()) else {
        return Err(wrong(
            match text.starts_with("# mangrove stress export, ") {
                true => "an export of another version; choose another folder",
                false => "not the manifest of an export; choose another folder",
            },
        ));
    };
    for line in rest.lines() {
        let split = line.split_once("  ").filter(|(sum, _)| sum.len() == 64);
        let (sum, name) = split.ok_or_else(|| wrong("a line is damaged"))?;
        lines.push((sum.to_owned(), name.to_owned()));
    }
    Ok(())
}

/// A new file in place of any of that name; a link is replaced, not followed.
fn replaced(path: &Path) -> io::Result<BufWriter<File>> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::create_new(path).map(BufWriter::new)
}
