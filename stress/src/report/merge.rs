//! Shards to a campaign: nothing may be lost, nothing counted twice.

use super::Report;
use crate::summary::{SuiteReport, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A report, and what it is called.
#[derive(Clone, Debug)]
pub struct NamedReport {
    /// As its file.
    pub name: String,
    /// What is in there.
    pub report: Report,
}

/// Of what a report was merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merged {
    /// How many shards the campaign has.
    pub shards: u64,
    /// Those that no report is of.
    pub missing: Vec<u64>,
    /// Those that several reports are of; each counts once.
    pub repeated: Vec<u64>,
    /// Of these, those whose reports say different things of the same seeds.
    pub contradicting: Vec<u64>,
    /// Those of which nothing better is known than that a resource was refused.
    pub refused: Vec<u64>,
}

impl Merged {
    /// What is wrong with the campaign as a whole.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.missing.is_empty() {
            let (missing, of) = (numbers(&self.missing), self.shards);
            problems.push(format!("of {of} shards there is no report of {missing}"));
        }
        if !self.contradicting.is_empty() {
            let shards = numbers(&self.contradicting);
            problems.push(format!("reports contradict each other on shard {shards}"));
        }
        problems
    }
}

/// Ascending numbers, with ranges as such.
fn numbers(all: &[u64]) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for &number in all {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let words = ranges.iter().map(|&(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Reports that are not of one campaign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("no report is there to merge")]
    Nothing,
    /// One is of a whole run.
    #[error("{name} is no report of a shard")]
    NoShard {
        /// Its name.
        name: String,
    },
    /// There are more shards than anyone has.
    #[error("{name} is a shard of {of}, and {MOST} is the most there can be")]
    TooMany {
        /// Its name.
        name: String,
        /// How many it says there are.
        of: u64,
    },
    /// Two are of different campaigns or programs.
    #[error("{first} and {other} are not of the same campaign:\n{}", differences.join("\n"))]
    Different {
        /// The one that others are compared with.
        first: String,
        /// The one that differs.
        other: String,
        /// In what.
        differences: Vec<String>,
    },
}

/// Most shards of a campaign.
const MOST: u64 = 1 << 20;

/// Merges reports of shards. The second value says, for people, what was met: which shards are
/// missing, and which files repeat a shard.
///
/// # Errors
/// They are not of one campaign.
pub fn merge(reports: Vec<NamedReport>) -> Result<(Report, Vec<String>), MergeError> {
    let (of, mut shards) = by_shard(&reports)?;
    let missing: Vec<u64> = (1..=of)
        .filter(|number| !shards.contains_key(number))
        .collect();
    let mut notes = Vec::new();
    let (mut repeated, mut contradicting) = (Vec::new(), Vec::new());
    for (&number, all) in &mut shards {
        if all.len() > 1 {
            let names: Vec<_> = all.iter().map(|one| one.name.as_str()).collect();
            notes.push(format!("shard {number} is in {}", names.join(" and in ")));
            repeated.push(number);
        }
        // What was refused may have been tried again.
        if all
            .iter()
            .any(|one| worst(&one.report.suites) != Verdict::Refused)
        {
            all.retain(|one| worst(&one.report.suites) != Verdict::Refused);
        }
        if all
            .iter()
            .any(|one| !same_outcome(&one.report, &all[0].report))
        {
            contradicting.push(number);
        }
    }
    let counted: Vec<&Report> = shards.values().map(|all| &all[0].report).collect();
    let refused = counted
        .iter()
        .filter(|report| worst(&report.suites) == Verdict::Refused);
    let refused = refused
        .filter_map(|report| Some(report.shard?.number))
        .collect();
    let merged = Merged {
        shards: of,
        missing,
        repeated,
        contradicting,
        refused,
    };
    notes.extend(merged.problems());
    Ok((join(&counted, merged).ok_or(MergeError::Nothing)?, notes))
}

/// The reports of each shard, and how many shards there are; all of one campaign.
fn by_shard(
    reports: &[NamedReport],
) -> Result<(u64, BTreeMap<u64, Vec<&NamedReport>>), MergeError> {
    let first = reports.first().ok_or(MergeError::Nothing)?;
    let mut shards: BTreeMap<u64, Vec<&NamedReport>> = BTreeMap::new();
    let mut of = 0;
    for one in reports {
        let name = one.name.clone();
        let Some(shard) = one.report.shard else {
            return Err(MergeError::NoShard { name });
        };
        if shard.of > MOST || !(1..=shard.of).contains(&shard.number) {
            return Err(MergeError::TooMany { name, of: shard.of });
        }
        let differences = differences(&first.report, &one.report);
        if !differences.is_empty() {
            return Err(MergeError::Different {
                first: first.name.clone(),
                other: name,
                differences,
            });
        }
        of = shard.of;
        shards.entry(shard.number).or_default().push(one);
    }
    Ok((of, shards))
}

/// In what two reports are of different campaigns or programs.
fn differences(one: &Report, other: &Report) -> Vec<String> {
    let all = |report: &Report| {
        let campaign = &report.campaign;
        [
            ("version", report.build.version.clone()),
            ("commit", report.build.commit.clone()),
            (
                "shards",
                report.shard.map_or(0, |shard| shard.of).to_string(),
            ),
            ("suites", campaign.suites.join(" ")),
            ("seed", campaign.seed.to_string()),
            ("count", format!("{:?}", campaign.count)),
            ("time", campaign.time_ms.to_string()),
            ("size", campaign.size.to_string()),
            ("matrix", campaign.matrix.to_string()),
            ("failures that end a suite", campaign.max_fail.to_string()),
            ("engine", campaign.engine.join(" ")),
        ]
    };
    let pairs = all(one).into_iter().zip(all(other));
    let different = pairs.filter(|(one, other)| one != other);
    let words = different.map(|((what, one), (_, other))| format!("  {what}: {one:?}, {other:?}"));
    words.collect()
}

/// Whether two reports of a shard say the same of its seeds. How long it took, and what a dying
/// process said, may differ.
fn same_outcome(one: &Report, other: &Report) -> bool {
    let outcome = |report: &Report| {
        let suites = report.suites.iter().map(|suite| {
            let failures = suite
                .failures
                .iter()
                .map(|failure| (failure.seed, failure.kind));
            let failures = failures.collect::<Vec<_>>();
            (suite.suite.clone(), suite.rounds, suite.figures, failures)
        });
        suites.collect::<Vec<_>>()
    };
    outcome(one) == outcome(other)
}

/// The worst that came of a suite.
fn worst(suites: &[SuiteReport]) -> Verdict {
    let all = suites.iter().map(SuiteReport::verdict);
    all.max().unwrap_or(Verdict::Passed)
}

/// One report of all that count; none if there is none.
fn join(counted: &[&Report], merged: Merged) -> Option<Report> {
    let (first, others) = counted.split_first()?;
    let mut joined = (*first).clone();
    joined.shard = None;
    joined.origin = None;
    for report in others {
        joined.elapsed_ms = joined.elapsed_ms.saturating_add(report.elapsed_ms);
        for suite in &report.suites {
            match joined
                .suites
                .iter_mut()
                .find(|one| one.suite == suite.suite)
            {
                Some(one) => *one += suite,
                None => joined.suites.push(suite.clone()),
            }
        }
    }
    joined.verdict = match worst(&joined.suites) {
        Verdict::Failed => Verdict::Failed,
        _ if !merged.contradicting.is_empty() => Verdict::Failed,
        _ if !merged.missing.is_empty() => Verdict::Incomplete,
        verdict => verdict,
    };
    joined.merged = Some(merged);
    Some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shard;
    use crate::options::StressOptions;
    use crate::report::Build;
    use crate::schedule::Schedule;
    use crate::suite::{FailedRound, RoundEnd, RoundResult};
    use std::time::Duration;

    /// The report of a shard in which these seeds fail, or are refused.
    fn report(number: u64, of: u64, failing: &[u64], refusing: &[u64]) -> NamedReport {
        let options = StressOptions {
            suites: vec!["churn".to_owned()],
            count: Some(20),
            max_fail: 100,
            shard: Some(Shard::new(number, of).unwrap()),
            ..StressOptions::default()
        };
        let mut schedule = Schedule::new(&options, 1).unwrap();
        while let Some(task) = schedule.take(Duration::ZERO) {
            let mut result = RoundResult::default();
            result.figures.steps = task.seed;
            if failing.contains(&task.seed) {
                result.end = RoundEnd::Failed(FailedRound::default());
            }
            if refusing.contains(&task.seed) {
                result.end = RoundEnd::Refused("no memory".to_owned());
            }
            schedule.done(task, result, Duration::from_millis(number));
        }
        let summary = schedule.summary(Duration::from_millis(number));
        let build = Build {
            version: "0.1.0".to_owned(),
            commit: "abc".to_owned(),
        };
        NamedReport {
            name: format!("{number}.json"),
            report: Report::of_run(&summary, &options, build, None).unwrap(),
        }
    }

    #[test]
    fn nothing_is_lost_and_nothing_counted_twice() {
        let all: Vec<_> = (1..=3)
            .rev()
            .map(|number| report(number, 3, &[4, 19], &[]))
            .collect();
        let (merged, notes) = merge(all).unwrap();
        assert_eq!(notes, [""; 0]);
        assert_eq!(merged.verdict, Verdict::Failed);
        let churn = &merged.suites[0];
        assert_eq!((churn.first_seed, churn.wanted, churn.rounds), (1, 20, 20));
        assert_eq!(churn.figures.steps, (1..=20).sum::<u64>());
        let seeds: Vec<_> = churn.failures.iter().map(|failure| failure.seed).collect();
        assert_eq!(seeds, [4, 19]);
        assert!(
            churn.failures[0]
                .command
                .contains("churn --seed 4 --count 1")
        );
    }

    #[test]
    fn what_is_missing_and_what_is_there_twice_is_named() {
        let mut again = report(2, 5, &[], &[]);
        again.name = "again.json".to_owned();
        again.report.elapsed_ms = 99;
        let (merged, notes) = merge(vec![report(2, 5, &[], &[]), again.clone()]).unwrap();
        assert_eq!(merged.suites[0].rounds, 4);
        assert_eq!(merged.verdict, Verdict::Incomplete);
        let of = merged.merged.unwrap();
        assert_eq!((of.missing, of.repeated), (vec![1, 3, 4, 5], vec![2]));
        assert_eq!(of.contradicting, [0; 0]);
        assert_eq!(
            notes,
            [
                "shard 2 is in 2.json and in again.json",
                "of 5 shards there is no report of 1, 3 to 5"
            ]
        );
        // The same seeds with another outcome.
        again.report.suites[0].figures.steps += 1;
        let (merged, _) = merge(vec![report(2, 5, &[], &[]), again]).unwrap();
        assert_eq!(merged.verdict, Verdict::Failed);
        assert_eq!(merged.merged.unwrap().contradicting, [2]);
    }

    #[test]
    fn what_was_refused_is_no_failure_and_may_be_tried_again() {
        let refused = || vec![report(1, 2, &[], &[3]), report(2, 2, &[], &[])];
        let (merged, _) = merge(refused()).unwrap();
        assert_eq!(merged.verdict, Verdict::Refused);
        assert_eq!(merged.merged.unwrap().refused, [1]);
        let mut again = refused();
        again.push(report(1, 2, &[], &[]));
        let (merged, _) = merge(again).unwrap();
        assert_eq!(
            (merged.verdict, merged.suites[0].rounds),
            (Verdict::Passed, 20)
        );
    }

    #[test]
    fn other_campaigns_and_programs_are_told_apart() {
        assert_eq!(merge(Vec::new()).unwrap_err(), MergeError::Nothing);
        let mut whole = report(1, 1, &[], &[]);
        whole.report.shard = None;
        assert!(matches!(
            merge(vec![whole]),
            Err(MergeError::NoShard { .. })
        ));
        let mut other = report(2, 2, &[], &[]);
        other.report.build.commit = "def".to_owned();
        other.report.campaign.engine = vec!["--zeal".to_owned(), "call".to_owned()];
        let error = merge(vec![report(1, 2, &[], &[]), other])
            .unwrap_err()
            .to_string();
        assert!(error.contains("commit: \"abc\", \"def\""), "{error}");
        assert!(error.contains("engine: \"\", \"--zeal call\""), "{error}");
        let mut many = report(1, 2, &[], &[]);
        many.report.shard = Some(Shard {
            number: 1,
            of: u64::MAX,
        });
        assert!(matches!(merge(vec![many]), Err(MergeError::TooMany { .. })));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(numbers(&[1, 2, 4, 5, 6, 9]), "1, 2, 4 to 6, 9");
    }
}
