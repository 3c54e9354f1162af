//! Which round comes next, and what a suite's report says so far.
//!
//! ```text
//!  take ──▶ Task: the next round of the first suite that is due ──▶ somebody plays it
//!  done ◀── its result, in whatever order ── folded into the report in the order of rounds
//! ```
//!
//! A suite is due while it has rounds that are to be played in any case, or time left of its share.
//! How many play at a time changes the time that passes, not what a report of given rounds
//! says: what was played beyond the failure that ends a suite is not counted.

use crate::options::{ChoiceError, StressOptions};
use crate::suite::{Figures, RoundEnd, RoundResult, Suite};
use crate::summary::{SuiteReport, Summary};
use std::collections::BTreeMap;
use std::time::Duration;

/// A round to be played.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    /// Which of the suites.
    pub track: usize,
    /// Which of its rounds here, from 0.
    round: u64,
    pub suite: &'static Suite,
    pub seed: u64,
}

impl Task {
    /// A round that is part of nothing.
    pub fn alone(suite: &'static Suite, seed: u64) -> Self {
        Self {
            track: 0,
            round: 0,
            suite,
            seed,
        }
    }
}

/// What there is to play.
pub(crate) struct Schedule<'a> {
    options: &'a StressOptions,
    /// Time for one suite, summed over all who play.
    budget: Duration,
    tracks: Vec<Track>,
}

/// A suite under way.
struct Track {
    suite: &'static Suite,
    /// The next round.
    next: u64,
    /// Rounds that are played when they began.
    running: BTreeMap<u64, Duration>,
    /// Rounds whose turn in the report has not come.
    early: BTreeMap<u64, RoundResult>,
    /// Failures, those among the early ones too; a refusal ends everything.
    failed: u64,
    refused: bool,
    /// Time in rounds that are over.
    busy: Duration,
    ended: bool,
    report: SuiteReport,
}

impl<'a> Schedule<'a> {
    /// Everything is still to be played, by so many at a time.
    pub fn new(options: &'a StressOptions, jobs: usize) -> Result<Self, ChoiceError> {
        let chosen = options.chosen()?;
        let share = u32::try_from(chosen.len()).unwrap_or(u32::MAX).max(1);
        let jobs = u32::try_from(jobs).unwrap_or(u32::MAX);
        let time = match options.shard {
            Some(_) => Duration::ZERO,
            None => options.time.saturating_mul(jobs),
        };
        let track = |suite: &'static Suite| {
            let rounds = options.count.unwrap_or(suite.least);
            let part = options.shard.map_or(0..rounds, |shard| shard.part(rounds));
            Track {
                suite,
                next: 0,
                running: BTreeMap::new(),
                early: BTreeMap::new(),
                failed: 0,
                refused: false,
                busy: Duration::ZERO,
                ended: false,
                report: SuiteReport {
                    suite: suite.name.to_owned(),
                    first_seed: options.seed.wrapping_add(part.start),
                    wanted: part.end - part.start,
                    rounds: 0,
                    figures: Figures::default(),
                    elapsed_ms: 0,
                    failures: Vec::new(),
                    refused: None,
                },
            }
        };
        Ok(Self {
            options,
            budget: time / share,
            tracks: chosen.into_iter().map(track).collect(),
        })
    }

    /// Rounds that are played in any case.
    pub fn wanted(&self) -> u64 {
        self.tracks.iter().map(|track| track.report.wanted).sum()
    }

    /// The next round, if one is due.
    pub fn take(&mut self, now: Duration) -> Option<Task> {
        let (budget, most) = (self.budget, self.options.max_fail);
        let due = |track: &Track| track.is_due(now, budget, most);
        let number = self.tracks.iter().position(due)?;
        let track = &mut self.tracks[number];
        let round = track.next;
        track.next += 1;
        track.running.insert(round, now);
        Some(Task {
            track: number,
            round,
            suite: track.suite,
            seed: track.report.first_seed.wrapping_add(round),
        })
    }

    /// A round is over. Its suite's report, and all that have ended now.
    pub fn done(&mut self, task: Task, mut result: RoundResult, now: Duration) {
        let Some(track) = self.tracks.get_mut(task.track) else {
            return;
        };
        let began = track.running.remove(&task.round).unwrap_or(now);
        track.busy += now.saturating_sub(began);
        match &mut result.end {
            RoundEnd::Passed => {}
            RoundEnd::Refused(_) => track.refused = true,
            RoundEnd::Failed(failure) => {
                track.failed += 1;
                failure.seed = task.seed;
                failure.engine = self.options.of_round(task.seed).words;
                let words = self.options.command_of(task.suite.name, task.seed);
                failure.command = format!("mangrove {}", shell(&words));
            }
        }
        track.early.insert(task.round, result);
        track.fold(self.options.max_fail);
    }

    /// The report of a suite so far.
    pub fn so_far(&self, task: &Task) -> &SuiteReport {
        &self.tracks[task.track].report
    }

    /// Suites that have ended since this was asked last.
    pub fn ended(&mut self, now: Duration) -> Vec<SuiteReport> {
        let (budget, most) = (self.budget, self.options.max_fail);
        let over = |track: &&mut Track| {
            !track.ended && track.running.is_empty() && !track.is_due(now, budget, most)
        };
        let tracks = self.tracks.iter_mut().filter(over);
        let ended = tracks.map(|track| {
            track.ended = true;
            track.report.clone()
        });
        ended.collect()
    }

    /// What came of everything.
    pub fn summary(self, elapsed: Duration) -> Summary {
        Summary {
            elapsed_ms: milliseconds(elapsed),
            suites: self.tracks.into_iter().map(|track| track.report).collect(),
        }
    }
}

impl Track {
    fn is_due(&self, now: Duration, budget: Duration, most: u64) -> bool {
        if self.ended || self.refused || self.failed >= most.max(1) {
            return false;
        }
        let under_way = self
            .running
            .values()
            .map(|&began| now.saturating_sub(began));
        let used = self.busy + under_way.sum::<Duration>();
        self.next < self.report.wanted || used < budget
    }

    /// Takes results into the report whose turn it is, until the suite's end.
    fn fold(&mut self, most: u64) {
        let report = &mut self.report;
        report.elapsed_ms = milliseconds(self.busy);
        let over = |report: &SuiteReport| {
            report.refused.is_some() || report.failures.len() as u64 >= most.max(1)
        };
        while !over(report) {
            let Some(result) = self.early.remove(&report.rounds) else {
                return;
            };
            report.rounds += 1;
            report.figures += result.figures;
            match result.end {
                RoundEnd::Passed => {}
                RoundEnd::Refused(why) => report.refused = Some(why),
                RoundEnd::Failed(failure) => report.failures.push(failure),
            }
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Words as a shell takes them.
fn shell(words: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/=+".contains(c);
    let quoted = words
        .iter()
        .map(|word| match word.chars().all(plain) && !word.is_empty() {
            true => word.clone(),
            false => format!("'{}'", word.replace('\'', r"'\''")),
        });
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shard;
    use crate::suite::FailedRound;

    fn options(count: u64) -> StressOptions {
        StressOptions {
            suites: vec!["churn".to_owned(), "rings".to_owned()],
            count: Some(count),
            seed: 10,
            ..StressOptions::default()
        }
    }

    fn result(fails: bool) -> RoundResult {
        RoundResult {
            figures: Figures {
                steps: 1,
                ..Figures::default()
            },
            end: match fails {
                true => RoundEnd::Failed(FailedRound::default()),
                false => RoundEnd::Passed,
            },
        }
    }

    /// Plays everything, so many at a time, the last begun first. Some seeds fail.
    fn play(options: &StressOptions, jobs: usize, failing: &[u64]) -> Summary {
        let mut schedule = Schedule::new(options, jobs).unwrap();
        let mut now = Duration::ZERO;
        loop {
            let tasks: Vec<Task> = std::iter::from_fn(|| schedule.take(now))
                .take(jobs)
                .collect();
            if tasks.is_empty() {
                break;
            }
            now += Duration::from_millis(10);
            for task in tasks.into_iter().rev() {
                let fails = failing.contains(&task.seed);
                schedule.done(task, result(fails), now);
            }
        }
        assert_eq!(schedule.ended(now).len(), 2);
        schedule.summary(now)
    }

    #[test]
    fn how_many_play_makes_no_difference() {
        for (failing, rounds, max_fail) in [
            (&[][..], 20, 1),
            (&[13, 14, 29], 4, 1),
            (&[13, 14, 29], 5, 2),
            (&[13, 14, 29], 20, 3),
            (&[13, 14, 29], 20, 9),
        ] {
            let options = StressOptions {
                max_fail,
                ..options(20)
            };
            let alone = play(&options, 1, failing);
            for jobs in [2, 3, 7, 64] {
                let together = play(&options, jobs, failing);
                for (one, other) in alone.suites.iter().zip(&together.suites) {
                    assert_eq!((one.rounds, &one.failures), (other.rounds, &other.failures));
                    assert_eq!(one.figures, other.figures);
                    assert_eq!(one.rounds, rounds);
                }
            }
        }
    }

    #[test]
    fn shards_play_what_the_whole_plays() {
        let mut seeds = Vec::new();
        for number in 1..=3 {
            let options = StressOptions {
                shard: Some(Shard::new(number, 3).unwrap()),
                // A shard is no longer than its part.
                time: Duration::from_secs(60),
                ..options(10)
            };
            let summary = play(&options, 2, &[]);
            let report = &summary.suites[1];
            assert_eq!(report.rounds, report.wanted);
            seeds.extend(report.first_seed..report.first_seed + report.rounds);
        }
        assert_eq!(seeds, Vec::from_iter(10..20));
    }

    #[test]
    fn time_is_shared_by_all_who_play() {
        let options = StressOptions {
            time: Duration::from_millis(100),
            ..options(1)
        };
        // 50 ms of four at 10 ms a round are 20 rounds.
        let summary = play(&options, 4, &[]);
        assert_eq!(summary.suites[0].rounds, 20);
        assert_eq!(summary.elapsed_ms, 100);
    }

    #[test]
    fn words_are_quoted_where_they_need_to_be() {
        let words = ["a", "alloc:1,minor", "", "it's", "$x"].map(str::to_owned);
        assert_eq!(shell(&words), r"a alloc:1,minor '' 'it'\''s' '$x'");
    }
}
