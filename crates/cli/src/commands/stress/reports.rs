//! Reports as files: there as a whole, or not at all.

use crate::args::{ReportForm, ReportTo};
use crate::errors::Failure;
use mangrove_stress::{Build, Report};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What this program was built from.
pub fn build() -> Build {
    Build {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: env!("MANGROVE_COMMIT").to_owned(),
    }
}

/// Makes the folders that reports go into, before there is anything to lose.
pub fn prepare(reports: &[ReportTo]) -> Result<(), Failure> {
    for ReportTo { path, .. } in reports {
        if is_folder(path) {
            fs::create_dir_all(path).map_err(|error| Failure::unwritable(path, &error))?;
            continue;
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder
            && !folder.is_dir()
        {
            let error = io::Error::new(io::ErrorKind::NotFound, "there is no such folder");
            return Err(Failure::unwritable(folder, &error));
        }
    }
    Ok(())
}

/// Writes the reports.
pub fn write(report: &Report, reports: &[ReportTo]) -> Result<(), Failure> {
    for ReportTo { form, path } in reports {
        let text = match form {
            ReportForm::Json => report.json(),
            ReportForm::Junit => report.junit(),
        };
        let path = match is_folder(path) {
            true => path.join(format!("{}.{}", report.file_name(), form.extension())),
            false => path.clone(),
        };
        replace(&path, &text).map_err(|error| Failure::unwritable(&path, &error))?;
    }
    Ok(())
}

/// Whether it was written as a folder, or is one.
fn is_folder(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.is_dir()
}

/// Writes a file so that nobody sees half of it, whenever this process is killed: under
/// another name, which no reader takes for a report, and then under its own.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.tmp", std::process::id()));
    let hidden: PathBuf = path.with_file_name(hidden);
    let written = File::create(&hidden).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let done = written.and_then(|()| fs::rename(&hidden, path));
    if done.is_err() {
        // What is left of it, if anything is.
        let _ = fs::remove_file(&hidden);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_there_as_a_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("mangrove-reports-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.json");
        replace(&path, "one").unwrap();
        replace(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        // A folder cannot be replaced by a file; nothing is left of the attempt.
        fs::create_dir_all(folder.join("b.json/x")).unwrap();
        assert!(replace(&folder.join("b.json"), "three").is_err());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        fs::remove_dir_all(&folder).unwrap();
    }
}
