//! Snapshots in files.

use crate::args::{Format, RootsArgs};
use crate::errors::{Failure, shown};
use crate::files::Files;
use crate::output::Output;
use mangrove_inspect::Snapshot;
use mangrove_inspect::file::{MAGIC, ReadError};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// Whether a file has a saved snapshot: it begins as such files do. What cannot be opened is told
/// by who reads it as a program.
pub fn is_saved(file: &Path) -> Result<bool, Failure> {
    // Devices and pipes would lose what was read of them.
    let regular = std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file());
    if !regular {
        return Ok(false);
    }
    let mut start = Vec::new();
    let opened = File::open(file);
    match opened.and_then(|opened| opened.take(MAGIC.len() as u64).read_to_end(&mut start)) {
        Ok(_) => Ok(start == MAGIC),
        Err(_) => Ok(false),
    }
}

/// Reads a saved snapshot.
pub fn read(file: &Path) -> Result<Snapshot, Failure> {
    let opened = File::open(file).map_err(|error| unreadable(file, &error))?;
    Snapshot::read(BufReader::new(opened)).map_err(|error| match error {
        ReadError::Io(error) => unreadable(file, &error),
        error => Failure::Input(format!("{}: {error}", shown(file))),
    })
}

fn unreadable(file: &Path, error: &io::Error) -> Failure {
    Failure::Input(format!("{}: {error}", shown(file)))
}

/// Whether no file that is to be written is one that is read, or is written twice.
pub fn check(args: &RootsArgs) -> Result<(), Failure> {
    let mut files = Files::of_program(&args.target.file);
    if let Some(Some(earlier)) = &args.ask.diff {
        files.read("--diff", earlier);
    }
    if let Some(second) = args.second() {
        files.read("--diff", second);
    }
    let moments = args.at.len().max(1);
    if let Some(out) = &args.show.out {
        let each = match args.show.format {
            Format::Heapsnapshot => moments,
            _ => 1,
        };
        for path in names(out, each) {
            files.written("--out", &path)?;
        }
    }
    for path in args.show.save.iter().flat_map(|file| names(file, moments)) {
        files.written("--save", &path)?;
    }
    Ok(())
}

/// The files of so many snapshots: this one, or with their numbers in its name.
fn names(file: &Path, moments: usize) -> impl Iterator<Item = PathBuf> {
    (1..=moments).map(move |number| match moments {
        1 => file.to_owned(),
        _ => numbered(file, number),
    })
}

/// Saves snapshots: one as this file, several with their numbers in its name, which are told.
pub fn save(file: &Path, snapshots: &[Snapshot], output: &mut Output) -> Result<(), Failure> {
    each(file, snapshots, output, |snapshot, to| snapshot.write(to))
}

/// Writes a file for each snapshot.
pub fn each<E>(
    file: &Path,
    snapshots: &[Snapshot],
    output: &mut Output,
    write_one: impl Fn(&Snapshot, &mut dyn Write) -> Result<(), E>,
) -> Result<(), Failure>
where
    Refused: From<E>,
{
    for (path, snapshot) in names(file, snapshots.len()).zip(snapshots) {
        write(&path, |to| write_one(snapshot, to))?;
        if snapshots.len() > 1 {
            let moment = &snapshot.about().moment;
            output.note(&format!("{moment} is in {}", shown(&path)));
        }
    }
    Ok(())
}

/// The file's name with a number before its extension.
pub fn numbered(file: &Path, number: usize) -> PathBuf {
    let stem = file.file_stem().unwrap_or(file.as_os_str());
    let mut name = stem.to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = file.extension() {
        name.push(".");
        name.push(extension);
    }
    file.with_file_name(name)
}

/// Makes a file, and lets `fill` write it.
pub fn write<E>(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), Failure>
where
    Refused: From<E>,
{
    let write = || -> Result<(), Refused> {
        let mut to = BufWriter::new(File::create(path).map_err(Refused::Io)?);
        fill(&mut to)?;
        to.flush().map_err(Refused::Io)
    };
    write().map_err(|refused| match refused {
        Refused::Io(error) if error.kind() == ErrorKind::BrokenPipe => Failure::Output(error),
        Refused::Io(error) => Failure::unwritable(path, &error),
        Refused::Input(message) => Failure::Input(message),
    })
}

/// Why something was not written.
pub enum Refused {
    /// The writer's error.
    Io(io::Error),
    /// There is nothing to write.
    Input(String),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_before_extensions() {
        let name = |file: &str| numbered(Path::new(file), 2).display().to_string();
        assert_eq!(name("a/pool.snapshot"), "a/pool-2.snapshot");
        assert_eq!(name("pool"), "pool-2");
        assert_eq!(name("a.b/.pool"), "a.b/.pool-2");
    }
}
