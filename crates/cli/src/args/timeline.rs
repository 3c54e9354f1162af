//! `--timeline` on the command line.

use super::numbers::parse_size;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Whether and how a run is recorded.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Timeline")]
pub struct TimelineArgs {
    /// Record who runs when, what resumes what, and collections, in a file for
    /// ui.perfetto.dev
    #[arg(long, value_name = "FILE")]
    pub timeline: Option<PathBuf>,
    /// In which form; if not given, chrome for a file named .json, else perfetto
    #[arg(long, value_enum, value_name = "FORM", requires = "timeline")]
    pub timeline_format: Option<TimelineFormat>,
    /// Record no more when the file has so many bytes
    #[arg(long, value_name = "BYTES", value_parser = parse_size, default_value = "256M")]
    #[arg(requires = "timeline")]
    pub timeline_limit: u64,
    /// Give so many continuations a track each; later ones share those of the places
    /// where they are made
    #[arg(long, value_name = "COUNT", value_parser = parse_size, default_value = "2000")]
    #[arg(requires = "timeline")]
    pub timeline_tracks: u64,
}

/// A form of a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TimelineFormat {
    /// Perfetto's protobuf
    Perfetto,
    /// Chrome's JSON
    Chrome,
}
