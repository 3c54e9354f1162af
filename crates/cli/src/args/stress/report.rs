//! Where a report goes, on the command line.

use std::path::PathBuf;
use std::str::FromStr;

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportForm {
    /// What `docs/schema/stress.schema.json` describes.
    Json,
    /// What readers of JUnit's reports know.
    Junit,
}

impl ReportForm {
    /// How files of it end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Junit => "xml",
        }
    }
}

/// A report to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportTo {
    /// In which form.
    pub form: ReportForm,
    /// Where to.
    pub path: PathBuf,
}

impl FromStr for ReportTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (form, path) = text.split_once('=').unwrap_or((text, ""));
        let form = match form {
            "json" => ReportForm::Json,
            "junit" => ReportForm::Junit,
            _ => return Err("expected json=FILE or junit=FILE".to_owned()),
        };
        match path {
            "" => Err(format!("expected {text}=FILE")),
            path => Ok(Self {
                form,
                path: PathBuf::from(path),
            }),
        }
    }
}
