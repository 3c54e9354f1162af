//! What running a script came to, in a form that can be printed or serialized.

use mangrove::printable;
use serde::Serialize;

/// Why a directive failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    /// Something happened, but not what the directive asserts.
    Assertion,
    /// A module that should load, link and start did not.
    Module,
    /// A module was rejected only because a heap object or an exception of it
    /// could hold a continuation.
    Admission,
    /// The directive needs a module, instance or export that is not there;
    /// mostly because an earlier directive failed.
    Missing,
    /// The directive asks for something Mangrove does not have.
    Unsupported,
    /// The system, or a bound on what the engine may take, gave no memory or no
    /// address space: nothing is known of the directive.
    Resource,
}

impl FailureKind {
    /// One lower-case word, the same as in the serialized form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assertion => "assertion",
            Self::Module => "module",
            Self::Admission => "admission",
            Self::Missing => "missing",
            Self::Unsupported => "unsupported",
            Self::Resource => "resource",
        }
    }
}

/// A directive that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedDirective {
    /// Line of the directive, from 1.
    pub line: usize,
    /// Column of the directive, from 1.
    pub column: usize,
    /// Its keyword, like `assert_return`.
    pub directive: &'static str,
    /// Why it failed, roughly.
    pub kind: FailureKind,
    /// Why it failed, in words.
    pub message: String,
}

/// The outcome of one script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The script's name, as it was given.
    pub file: String,
    /// How many directives passed.
    pub passed: usize,
    /// How many failed.
    pub failed: usize,
    /// The failed ones, in the script's order.
    pub failures: Vec<FailedDirective>,
    /// The directive that lacked a resource, if one did. It counts as neither
    /// passed nor failed, and the script ended there.
    pub refused: Option<FailedDirective>,
}

impl FileReport {
    /// A report on a script of which nothing has run yet.
    pub(crate) fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            passed: 0,
            failed: 0,
            failures: Vec::new(),
            refused: None,
        }
    }

    /// Counts one directive.
    pub(crate) fn add(&mut self, failure: Option<FailedDirective>) {
        match failure {
            None => self.passed += 1,
            Some(failure) => {
                self.failed += 1;
                self.failures.push(failure);
            }
        }
    }

    /// Whether every directive passed.
    pub fn is_success(&self) -> bool {
        self.failed == 0 && self.refused.is_none()
    }

    /// One line for a failure or a refusal: `file:line:column: directive: message`.
    /// What is in neither that could not be shown is escaped.
    pub fn line_of(&self, failure: &FailedDirective) -> String {
        let FailedDirective {
            line,
            column,
            directive,
            kind,
            message,
        } = failure;
        let failed = match kind {
            FailureKind::Resource => "could not run",
            _ => "failed",
        };
        format!(
            "{}:{line}:{column}: {directive} {failed} ({}): {}",
            printable(&self.file),
            kind.name(),
            printable(message)
        )
    }
}
