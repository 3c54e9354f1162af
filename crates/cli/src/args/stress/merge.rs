//! `mangrove stress merge` on the command line.

use super::ReportTo;
use clap::Args;
use std::path::PathBuf;

/// `mangrove stress merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The reports, as --report json=FILE has written them; of a folder, all files *.json in it
    #[arg(required = true, value_name = "REPORT")]
    pub reports: Vec<PathBuf>,
    /// Write the campaign's report: json=FILE or junit=FILE
    #[arg(long, value_name = "FORM=FILE")]
    pub report: Vec<ReportTo>,
}
