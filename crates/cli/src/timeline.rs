//! `--timeline`: the file, and what is said of it.

use crate::args::{TimelineArgs, TimelineFormat};
use crate::errors::{Failure, shown};
use crate::output::Output;
use mangrove::Store;
use mangrove_inspect::timeline::{Timeline, TimelineForm, TimelineOptions};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A recording under way.
pub struct Recording {
    timeline: Timeline,
    path: PathBuf,
    limit: u64,
}

/// Begins to record the store's run, if that is wanted.
///
/// # Errors
/// The file cannot be made.
pub fn start(
    store: &mut Store<()>,
    program: &Path,
    args: &TimelineArgs,
) -> Result<Option<Recording>, Failure> {
    let recorded = args.timeline.as_deref();
    let recorded = recorded.map(|path| start_in(path, store, program, args));
    recorded.transpose()
}

/// The same in this file.
///
/// # Errors
/// It cannot be made.
pub fn start_in(
    path: &Path,
    store: &mut Store<()>,
    program: &Path,
    args: &TimelineArgs,
) -> Result<Recording, Failure> {
    let is_json = path
        .extension()
        .is_some_and(|extension| extension == "json");
    let form = match args.timeline_format {
        Some(TimelineFormat::Chrome) => TimelineForm::Chrome,
        None if is_json => TimelineForm::Chrome,
        Some(TimelineFormat::Perfetto) | None => TimelineForm::Perfetto,
    };
    let options = TimelineOptions {
        form,
        title: format!("mangrove {}", shown(program)),
        limit: args.timeline_limit,
        tracks: args.timeline_tracks,
    };
    let file = File::create(path).map_err(|error| Failure::unwritable(path, &error))?;
    Ok(Recording {
        timeline: Timeline::start(store, file, &options),
        path: path.to_owned(),
        limit: args.timeline_limit,
    })
}

impl Recording {
    /// Ends it.
    ///
    /// # Errors
    /// Not all of it could be written.
    pub fn finish(self, store: &mut Store<()>, output: &mut Output) -> Result<(), Failure> {
        let Self {
            timeline,
            path,
            limit,
        } = self;
        match timeline.finish(store) {
            Ok(summary) if summary.truncated => {
                let file = shown(&path);
                output.note(&format!(
                    "{file}: the timeline ends before the run, after {} points: --timeline-limit \
                     is {limit} bytes",
                    summary.points
                ));
                Ok(())
            }
            Ok(_) => Ok(()),
            // Whoever read it has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::unwritable(&path, &error)),
        }
    }
}
