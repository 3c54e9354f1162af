//! XML as JUnit's readers know it: Jenkins, GitLab and others.
//!
//! A suite is a test, of the same name in every run, so that it has a history. One that was refused a
//! resource is skipped: nothing is known of it. Failures of all its rounds are in one element,
//! because some readers take the first only. What a campaign lacks is an error of a test of its own.

use super::Report;
use crate::summary::{SuiteReport, Verdict};
use std::fmt::Write;

/// The class that all tests are of.
const CLASS: &str = "mangrove.stress";

/// Writes it.
pub fn write(report: &Report) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let problems = report.merged.as_ref().map(|merged| merged.problems());
    let count = |verdict| {
        let suites = report.suites.iter();
        suites.filter(|suite| suite.verdict() == verdict).count()
    };
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{}\"",
        report.suites.len() + usize::from(problems.is_some()),
        count(Verdict::Failed),
        usize::from(problems.as_ref().is_some_and(|all| !all.is_empty())),
        seconds(report.elapsed_ms),
    );
    let skipped = count(Verdict::Refused);
    // A `String` takes everything.
    let _ = writeln!(text, "<testsuites name=\"mangrove stress\" {counts}>");
    // Jenkins' schema has this one attribute on the inner level only.
    let _ = writeln!(
        text,
        "  <testsuite name=\"stress\" {counts} skipped=\"{skipped}\">"
    );
    properties(report, &mut text);
    for suite in &report.suites {
        test(suite, report, &mut text);
    }
    if let Some(problems) = problems {
        let _ = write!(
            text,
            "    <testcase name=\"shards\" classname=\"{CLASS}\" time=\"0\""
        );
        if problems.is_empty() {
            text += "/>\n";
        } else {
            let message = escaped(&problems.join("; "));
            let _ = writeln!(
                text,
                ">\n      <error message=\"{message}\" type=\"shards\">{message}</error>\n    </testcase>"
            );
        }
    }
    text + "  </testsuite>\n</testsuites>\n"
}

fn properties(report: &Report, text: &mut String) {
    let campaign = &report.campaign;
    let all = [
        ("version", report.build.version.clone()),
        ("commit", report.build.commit.clone()),
        ("seed", campaign.seed.to_string()),
        ("engine", campaign.engine.join(" ")),
        ("matrix", campaign.matrix.to_string()),
        (
            "shard",
            report
                .shard
                .map_or("none".to_owned(), |shard| shard.to_string()),
        ),
    ];
    *text += "    <properties>\n";
    for (name, value) in all {
        let value = escaped(&value);
        let _ = writeln!(text, "      <property name=\"{name}\" value=\"{value}\"/>");
    }
    *text += "    </properties>\n";
}

fn test(suite: &SuiteReport, report: &Report, text: &mut String) {
    let (name, time) = (escaped(&suite.suite), seconds(suite.elapsed_ms));
    let _ = write!(
        text,
        "    <testcase name=\"{name}\" classname=\"{CLASS}\" time=\"{time}\""
    );
    if let Some(first) = suite.failures.first() {
        let line = first.message.lines().next().unwrap_or_default();
        let message = escaped(&format!("seed {}: {line}", first.seed));
        let kind = format!("{:?}", first.kind).to_lowercase();
        let mut whole = format!("{}\n", report.build);
        for failure in &suite.failures {
            let _ = writeln!(whole, "{failure}");
        }
        let whole = escaped(&whole);
        let _ = writeln!(
            text,
            ">\n      <failure message=\"{message}\" type=\"{kind}\">{whole}</failure>\n    </testcase>"
        );
    } else if let Some(refused) = &suite.refused {
        let message = escaped(refused);
        let _ = writeln!(
            text,
            ">\n      <skipped message=\"{message}\"/>\n    </testcase>"
        );
    } else {
        *text += "/>\n";
    }
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

/// As content and as an attribute. What no XML may hold is named by its number.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' => escaped += "&#10;",
            '\t' => escaped += "&#9;",
            '\u{0}'..'\u{20}' | '\u{7f}'..'\u{a0}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(escaped, "\\u{{{:x}}}", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}
