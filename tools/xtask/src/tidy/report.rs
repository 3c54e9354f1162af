//! What the rules have to say: broken ones, and measures.

use std::fmt;

/// What [`super::check`] found.
#[derive(Debug, Default)]
pub struct Report {
    /// Broken rules, each with its place.
    pub errors: Vec<String>,
    /// What is longer than wanted but within bounds, and totals.
    pub measures: Vec<String>,
}

impl Report {
    /// Notes a broken rule.
    pub(super) fn error(&mut self, place: impl fmt::Display, message: impl fmt::Display) {
        self.errors.push(format!("{place}: {message}"));
    }

    /// Notes a measure.
    pub(super) fn measure(&mut self, line: impl fmt::Display) {
        self.measures.push(line.to_string());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for measure in &self.measures {
            writeln!(f, "{measure}")?;
        }
        for error in &self.errors {
            writeln!(f, "error: {error}")?;
        }
        writeln!(f, "{} broken rules", self.errors.len())
    }
}
