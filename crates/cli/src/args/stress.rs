//! `mangrove stress` on the command line.

mod merge;
mod report;
mod worded;

pub use merge::MergeArgs;
pub use report::{ReportForm, ReportTo};
pub use worded::WordedEngineArgs;

use super::ExportArgs;
use super::numbers::parse_seconds;
use clap::{Args, Subcommand};
use mangrove::Zeal;
use mangrove_stress::{Origin, Shard, ShardError, StressOptions};
use std::time::Duration;

/// `mangrove stress`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct StressArgs {
    /// What to do beside running suites.
    #[command(subcommand)]
    pub command: Option<StressCommand>,
    /// What to run.
    #[command(flatten)]
    pub run: StressRunArgs,
}

/// What there is to do beside running suites.
#[derive(Debug, Subcommand)]
pub enum StressCommand {
    /// Join the reports of shards, and say what is missing and what is there twice
    Merge(MergeArgs),
    /// Write the suites' programs for other engines, with what must come of them
    Export(ExportArgs),
}

/// Which suites to run, and how.
#[derive(Debug, Args)]
pub struct StressRunArgs {
    /// The suites; all of them if none is named
    #[arg(value_name = "SUITE")]
    pub suites: Vec<String>,
    /// Only suites whose name has this in it, or, with * and ?, is as it says
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    pub filter: Vec<String>,
    /// Print the suites, with what each plays and is meant to break, and run none
    #[arg(long)]
    pub list: bool,
    /// Where randomness starts
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Rounds that each suite runs at least, with seeds from that one on
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
    /// Seconds for all suites together; each runs one round at least
    #[arg(long, value_name = "S", conflicts_with = "shard")]
    pub time: Option<u64>,
    /// Size of the cases; 1 is full size
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = parse_factor)]
    pub size: f64,
    /// Processes that play at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: u16,
    /// Seconds without a word from a process after which what it plays counts as failed
    #[arg(long, value_name = "S", default_value = "600", value_parser = parse_seconds)]
    pub patience: Duration,
    /// Failures that end a suite
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub max_fail: u64,
    /// Set the engine anew for each round, from its seed: zeal, level, guard, parking, young space,
    /// stacks, address space, continuations in objects. What is given here is left as it is
    #[arg(long)]
    pub matrix: bool,
    /// Play a part of the rounds: I/N, the Ith of N; auto, the task of a Slurm array; auto/N, the
    /// index that Slurm or Kubernetes gives, from 0, of N
    #[arg(long, value_name = "I/N", value_parser = parse_shard)]
    pub shard: Option<ShardArg>,
    /// Write a report as well: json=FILE or junit=FILE; into a folder, under a name that no other
    /// shard has, if FILE ends with /
    #[arg(long, value_name = "FORM=FILE")]
    pub report: Vec<ReportTo>,
    /// Be a worker
    #[arg(long, hide = true)]
    pub worker: bool,
    /// Settings.
    #[command(flatten)]
    pub engine: WordedEngineArgs,
}

/// Which shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardArg {
    /// This one.
    Given(Shard),
    /// The one that the environment names, of so many.
    Auto(Option<u64>),
}

impl StressRunArgs {
    /// What to run. `variable` reads the environment, and is asked only for a shard that is to be
    /// found there.
    ///
    /// # Errors
    /// The environment names no shard.
    pub fn options(
        &self,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(StressOptions, Option<Origin>), ShardError> {
        let (shard, origin) = match self.shard {
            None => (None, None),
            Some(ShardArg::Given(shard)) => (Some(shard), None),
            Some(ShardArg::Auto(of)) => {
                let (shard, origin) = Shard::of_scheduler(of, variable)?;
                (Some(shard), Some(origin))
            }
        };
        let options = StressOptions {
            suites: self.suites.clone(),
            filters: self.filter.clone(),
            seed: self.seed,
            time: Duration::from_secs(self.time.unwrap_or(0)),
            count: self.count,
            zeal: self.engine.args.zeal.unwrap_or(Zeal::NONE),
            scale: self.size,
            config: self.engine.args.config(),
            words: self.engine.words.clone(),
            matrix: self.matrix,
            max_fail: self.max_fail,
            shard,
        };
        Ok((options, origin))
    }

    /// What a worker is started with, to play as this command says.
    pub fn worker(&self) -> Vec<String> {
        let size = self.size.to_string();
        let mut words = ["stress", "--worker", "--size", &size]
            .map(str::to_owned)
            .to_vec();
        if self.matrix {
            words.push("--matrix".to_owned());
        }
        words.extend_from_slice(&self.engine.words);
        words
    }
}

fn parse_factor(text: &str) -> Result<f64, String> {
    let factor = text.parse::<f64>().ok();
    let factor = factor.filter(|factor| (1e-6..=100.0).contains(factor));
    factor.ok_or_else(|| "expected a number from 0.000001 to 100".to_owned())
}

fn parse_shard(text: &str) -> Result<ShardArg, String> {
    match text.strip_prefix("auto") {
        Some("") => Ok(ShardArg::Auto(None)),
        Some(rest) => {
            let of = rest.strip_prefix('/').and_then(|of| of.parse().ok());
            let of = of.filter(|&of: &u64| of > 0);
            let of = of.ok_or_else(|| format!("expected auto or auto/N, not {text:?}"))?;
            Ok(ShardArg::Auto(Some(of)))
        }
        None => {
            let shard = text.parse::<Shard>().map_err(|error| error.to_string())?;
            Ok(ShardArg::Given(shard))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::args::{Cli, Command};
    use clap::Parser;
    use mangrove_stress::{Origin, StressOptions};

    fn parse(words: &[String]) -> super::StressRunArgs {
        let words = std::iter::once("mangrove").chain(words.iter().map(String::as_str));
        match Cli::try_parse_from(words)
            .unwrap_or_else(|error| panic!("{error}"))
            .command
        {
            Command::Stress(args) => args.run,
            other => panic!("{other:?}"),
        }
    }

    fn split(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    fn options(words: &[String]) -> (StressOptions, Option<Origin>) {
        parse(words)
            .options(&|_| panic!("nobody asked for it"))
            .unwrap()
    }

    const LINES: [&str; 6] = [
        "stress --seed 5",
        "stress --matrix --size 0.013",
        "stress --matrix --zeal none --guard mprotect",
        "stress --zeal switch,minor --opt-level none --size 2 --no-park",
        "stress --matrix --heap-max 64M --young-min 128K --continuations-in-objects trace \
         --fresh-stacks --stack-size 96K --address-space 8G",
        "stress --matrix --canonical-nans --weak-references --continuation-clone --park-after 3 \
         --nesting-max 100000 --memory-checks explicit --table-max 2M",
    ];

    /// What is printed of a round plays exactly that round.
    #[test]
    fn the_command_that_is_printed_says_all_that_matters() {
        for line in LINES {
            let (played, _) = options(&split(line));
            for seed in 0..500 {
                let words = played.command_of("churn", seed);
                let (again, _) = options(&words);
                assert_eq!(
                    (again.seed, again.count, again.matrix),
                    (seed, Some(1), false)
                );
                assert_eq!(again.suites, ["churn"]);
                let [of, again_of] = [&played, &again].map(|options| options.of_round(seed));
                assert_eq!(of.config, again_of.config, "{words:?}");
                assert_eq!(of.size, again_of.size, "{words:?}");
                // And prints the same, in the order in which help has the options.
                let sorted = |mut words: Vec<String>| {
                    words.sort();
                    words
                };
                assert_eq!(sorted(words), sorted(again.command_of("churn", seed)));
            }
        }
    }

    #[test]
    fn a_worker_plays_as_it_was_started_for() {
        for line in LINES {
            let args = parse(&split(line));
            let worker = parse(&args.worker());
            assert!(worker.worker);
            let [here, there] = [&args, &worker].map(|args| args.options(&|_| None).unwrap().0);
            for seed in 0..100 {
                assert_eq!(here.of_round(seed), there.of_round(seed), "{line}");
            }
        }
    }

    #[test]
    fn subcommands_and_suites() {
        let words = split("mangrove stress merge a.json b.json --report json=c.json");
        let Command::Stress(args) = Cli::try_parse_from(words).unwrap().command else {
            panic!("not stress");
        };
        assert!(args.command.is_some() && args.run.suites.is_empty());
        for line in [
            "mangrove stress --shard 9/8",
            "mangrove stress --shard auto/0",
            "mangrove stress --shard automatic",
            "mangrove stress --shard 1/8 --time 5",
            "mangrove stress --jobs 0",
            "mangrove stress --size 0",
            "mangrove stress --size nan",
            "mangrove stress --max-fail 0",
            "mangrove stress --report xml=a",
            "mangrove stress --report json",
            "mangrove stress --report json=",
            "mangrove stress merge",
        ] {
            assert!(Cli::try_parse_from(split(line)).is_err(), "{line}");
        }
    }
}
