//! A run as a document: what was asked for, who played it, and what came of it.
//!
//! ```text
//!  Summary + StressOptions + Build ──▶ Report ──▶ JSON (docs/schema/stress.schema.json) ──▶ merge
//!                                         └─────▶ JUnit's XML, for what shows tests
//! ```

mod junit;
mod merge;

pub use merge::{MergeError, Merged, NamedReport, merge};

use crate::options::{ChoiceError, StressOptions};
use crate::shard::{Origin, Shard};
use crate::summary::{SuiteReport, Summary, Verdict};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a report says it is.
const FORMAT: &str = "mangrove-stress";
/// The version of its form.
const VERSION: u32 = 1;

/// Of what program a report is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// Its version.
    pub version: String,
    /// The commit it was built from; `unknown` where that is not known.
    pub commit: String,
}

/// What was asked for. Reports of the same campaign can be merged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// The suites, by name.
    pub suites: Vec<String>,
    /// Where randomness starts.
    pub seed: u64,
    /// Rounds of each suite, if not its own number.
    pub count: Option<u64>,
    /// Time for all suites, in milliseconds.
    pub time_ms: u64,
    /// Size of the cases.
    pub size: f64,
    /// Whether each round has settings from its seed.
    pub matrix: bool,
    /// Failures that end a suite.
    pub max_fail: u64,
    /// How the engine is set, as words of a command line.
    pub engine: Vec<String>,
}

impl Campaign {
    /// What these options ask for.
    ///
    /// # Errors
    /// If a name is no suite's, or none is left.
    pub fn of(options: &StressOptions) -> Result<Self, ChoiceError> {
        let chosen = options.chosen()?;
        Ok(Self {
            suites: chosen.iter().map(|suite| suite.name.to_owned()).collect(),
            seed: options.seed,
            count: options.count,
            time_ms: u64::try_from(options.time.as_millis()).unwrap_or(u64::MAX),
            size: options.scale,
            matrix: options.matrix,
            max_fail: options.max_fail,
            engine: options.words.clone(),
        })
    }
}

/// A run, or a shard of one, or what shards were merged to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// `mangrove-stress`.
    pub format: String,
    /// The version of this form.
    pub version: u32,
    /// Of what program it is.
    pub build: Build,
    /// What was asked for.
    pub campaign: Campaign,
    /// Which part of it this is.
    pub shard: Option<Shard>,
    /// How a scheduler calls the process.
    pub origin: Option<Origin>,
    /// Of what it was merged.
    pub merged: Option<Merged>,
    /// How it ended.
    pub verdict: Verdict,
    /// Time from begin to end, in milliseconds; of merged ones, the sum.
    pub elapsed_ms: u64,
    /// What came of each suite.
    pub suites: Vec<SuiteReport>,
}

/// A text that is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It is not of that form.
    #[error("no report of a stress run: {0}")]
    Form(#[from] serde_json::Error),
    /// It says that it is something else.
    #[error("no report of a stress run, but {0:?}")]
    Format(String),
    /// It is of another version of the form.
    #[error("a report of version {0}, and only version {VERSION} is known")]
    Version(u32),
}

/// What every version of a report has.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

impl Report {
    /// The report of a run.
    ///
    /// # Errors
    /// If a name is no suite's, or none is left.
    pub fn of_run(
        summary: &Summary,
        options: &StressOptions,
        build: Build,
        origin: Option<Origin>,
    ) -> Result<Self, ChoiceError> {
        Ok(Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            build,
            campaign: Campaign::of(options)?,
            shard: options.shard,
            origin,
            merged: None,
            verdict: summary.verdict(),
            elapsed_ms: summary.elapsed_ms,
            suites: summary.suites.clone(),
        })
    }

    /// Reads what [`Report::json`] writes.
    ///
    /// # Errors
    /// The text is no report of this version.
    ///
    /// # Examples
    /// ```
    /// use mangrove_stress::{Build, Quiet, Report, StressOptions, run};
    ///
    /// let options = StressOptions { suites: vec!["churn".to_owned()], scale: 0.005, ..StressOptions::default() };
    /// let summary = run(&options, &mut Quiet)?;
    /// let build = Build { version: "0.1.0".to_owned(), commit: "unknown".to_owned() };
    /// let report = Report::of_run(&summary, &options, build, None)?;
    /// assert_eq!(Report::read(&report.json())?, report);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(text: &str) -> Result<Self, ReportError> {
        let head: Head = serde_json::from_str(text)?;
        if head.format != FORMAT {
            return Err(ReportError::Format(head.format));
        }
        if head.version != VERSION {
            return Err(ReportError::Version(head.version));
        }
        Ok(serde_json::from_str(text)?)
    }

    /// As JSON, of the form that `docs/schema/stress.schema.json` describes.
    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        // Nothing in it can fail: keys are names, and there is no map.
        text.unwrap_or_default() + "\n"
    }

    /// As XML of the form that JUnit's readers know, with a test for each suite.
    pub fn junit(&self) -> String {
        junit::write(self)
    }

    /// A file's name without extension that no other report of the campaign has: a process that
    /// is started again writes to the same file.
    pub fn file_name(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        match (&self.origin, self.shard) {
            (Some(origin), _) if origin.job.is_some() => {
                let job: String = origin
                    .job
                    .iter()
                    .flat_map(|job| job.chars())
                    .map(plain)
                    .collect();
                format!("stress-{job}-{}", origin.index)
            }
            (_, Some(shard)) => format!("stress-{}-of-{}", shard.number, shard.of),
            _ => "stress".to_owned(),
        }
    }
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mangrove {}, commit {}", self.version, self.commit)
    }
}
