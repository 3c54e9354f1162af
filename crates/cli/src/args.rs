//! The command line.

mod engine;
mod export;
mod numbers;
mod roots;
mod stress;
mod target;
mod timeline;
mod until;

pub use engine::EngineArgs;
pub use export::ExportArgs;
pub use roots::{Format, Part, RootsArgs};
pub use stress::{MergeArgs, ReportForm, ReportTo, StressArgs, StressCommand, StressRunArgs};
pub use target::Target;
pub use timeline::{TimelineArgs, TimelineFormat};
pub use until::{Endings, Until};

use crate::trace::Channel;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use numbers::{parse_seconds, parse_size};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// A WebAssembly runtime whose roots are all visible.
#[derive(Debug, Parser)]
#[command(name = "mangrove", version, arg_required_else_help = true)]
pub struct Cli {
    /// Trace these channels on standard error
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "CHANNELS",
        global = true
    )]
    pub trace: Vec<Channel>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a module and print each result on a line
    Run(RunArgs),
    /// Compile a module to a file that starts faster
    Compile(CompileArgs),
    /// Say whether modules are valid, and compile nothing
    Validate(ValidateArgs),
    /// Run test scripts
    Wast(WastArgs),
    /// Find what leaks: look at everything that is alive at a moment of a run, and at why
    Roots(Box<RootsArgs>),
    /// Run the stress suites
    Stress(StressArgs),
}

/// `mangrove run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What to run.
    #[command(flatten)]
    pub target: Target,
    /// Print what objects among the results hold so many levels deep
    #[arg(long, value_name = "LEVELS", default_value_t = 4)]
    pub depth: u32,
    /// Print a report at the end
    #[arg(long, value_enum, value_name = "WHAT")]
    pub report: Option<Report>,
    /// Print the report as JSON
    #[arg(long, requires = "report")]
    pub json: bool,
    /// How many continuations the report tells of one by one
    #[arg(long, value_name = "COUNT", value_parser = parse_size, default_value = "10")]
    #[arg(requires = "report")]
    pub top: u64,
    /// Which of them come first: by number, or the most of something
    #[arg(
        long,
        value_enum,
        value_name = "KEY",
        default_value = "id",
        requires = "report"
    )]
    pub sort: Sort,
    /// With --report: print a line of it on standard error every so many seconds while the
    /// program runs (1 if no number is given)
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "1")]
    #[arg(value_parser = parse_seconds, requires = "report")]
    pub watch: Option<Duration>,
    /// Let others look at the program while it runs, through a Unix socket made at this path:
    /// mangrove roots --attach PATH
    #[arg(long, value_name = "PATH")]
    pub inspect: Option<PathBuf>,
    /// Whether it is recorded.
    #[command(flatten)]
    pub timeline: TimelineArgs,
    /// When it is to end.
    #[command(flatten)]
    pub until: Until,
    /// Settings.
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// What can be reported after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Report {
    /// What became of the continuations, and what they take
    Continuations,
}

/// What comes first in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// The lowest number
    Id,
    /// Collections survived
    Age,
    /// Bytes in use on the stack
    Stack,
    /// References held
    Roots,
    /// Frames
    Depth,
}

/// `mangrove compile`.
#[derive(Debug, Args)]
pub struct CompileArgs {
    /// The module, in binary or in text; - is standard input
    pub file: PathBuf,
    /// Where to write; beside the module, with the extension mgv, if not given
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// What the code looks at.
    #[command(flatten)]
    pub endings: Endings,
    /// Settings. The code runs only with the same.
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `mangrove validate`.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// The modules, in binary or in text; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Settings.
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `mangrove wast`.
#[derive(Debug, Args)]
pub struct WastArgs {
    /// The scripts; - is standard input, and a compiled module counts as a script with
    /// that module alone
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Run compiled modules: their machine code is not checked, so they have to
    /// come from someone you trust as you trust a program
    #[arg(long)]
    pub allow_compiled: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
    /// Let others look at the script that runs, through a Unix socket made at this path: mangrove
    /// roots --attach PATH
    #[arg(long, value_name = "PATH")]
    pub inspect: Option<PathBuf>,
    /// Whether they are recorded: several in a file each, with -1, -2, … before its extension.
    #[command(flatten)]
    pub timeline: TimelineArgs,
    /// When they are to end.
    #[command(flatten)]
    pub until: Until,
    /// Settings.
    #[command(flatten)]
    pub engine: EngineArgs,
}

impl Cli {
    /// Reads a command line.
    ///
    /// # Errors
    /// It is no command, or help is asked for.
    pub fn read(words: impl Iterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let mut matches = command.try_get_matches_from_mut(words)?;
        let roots = matches.subcommand_matches("roots").cloned();
        let mut cli =
            Self::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))?;
        if let (Command::Roots(args), Some(matches)) = (&mut cli.command, roots) {
            args.note_given(&matches);
        }
        Ok(cli)
    }

    /// Passes on what a channel needs of the engine.
    pub fn prepare(mut self) -> Self {
        let engine = match &mut self.command {
            Command::Run(args) => &mut args.engine,
            Command::Compile(args) => &mut args.engine,
            Command::Validate(args) => &mut args.engine,
            Command::Wast(args) => &mut args.engine,
            Command::Roots(args) => &mut args.engine,
            Command::Stress(args) => &mut args.run.engine.args,
        };
        engine.switches = self.trace.contains(&Channel::Switch);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_may_be_negative_and_options_may_follow() {
        let words = [
            "mangrove", "run", "a.wat", "--invoke", "f", "-5", "-1.5", "--zeal", "switch",
        ];
        let Command::Run(args) = Cli::try_parse_from(words).unwrap().command else {
            panic!("not run");
        };
        assert_eq!(args.target.args, ["-5", "-1.5"]);
        assert!(args.engine.zeal.unwrap().switch);
    }
}
