//! The command line.

use crate::trace::Channel;
use clap::{Args, Parser, Subcommand, ValueEnum};
use mangrove::{Config, Guard, Hooks, MemoryChecks, MemoryLimit, OptLevel, ParkPolicy, Zeal};
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
    /// Run test scripts
    Wast(WastArgs),
    /// Show the root set at a moment of a run
    Roots(RootsArgs),
    /// Run the stress suites
    Stress(StressArgs),
}

/// Which function of which module to call, and with what.
#[derive(Debug, Args)]
pub struct Target {
    /// The module, in binary, in text or compiled
    pub file: PathBuf,
    /// Run a compiled module: its machine code is not checked, so it has to come
    /// from someone you trust as you trust a program
    #[arg(long)]
    pub allow_compiled: bool,
    /// The exported function to call
    #[arg(long, value_name = "NAME")]
    pub invoke: Option<String>,
    /// Its arguments, read by the types of its parameters: numbers in decimal or
    /// hexadecimal, `null` for a reference
    #[arg(requires = "invoke", allow_negative_numbers = true)]
    pub args: Vec<String>,
}

/// `mangrove run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What to run.
    #[command(flatten)]
    pub target: Target,
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
    /// Print the report on standard error every so many seconds while the program
    /// runs (1 if no number is given)
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "1")]
    #[arg(value_parser = parse_seconds, requires = "report")]
    pub watch: Option<Duration>,
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
    /// The module, in binary or in text
    pub file: PathBuf,
    /// Where to write; beside the module, with the extension mgv, if not given
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Settings. The code runs only with the same.
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `mangrove wast`.
#[derive(Debug, Args)]
pub struct WastArgs {
    /// The scripts; a compiled module counts as a script with that module alone
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Run compiled modules: their machine code is not checked, so they have to
    /// come from someone you trust as you trust a program
    #[arg(long)]
    pub allow_compiled: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
    /// Settings.
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `mangrove roots`.
#[derive(Debug, Args)]
pub struct RootsArgs {
    /// What to run.
    #[command(flatten)]
    pub target: Target,
    /// When: just before the Nth collection, just before the Nth suspension, at a
    /// trap, or at the end
    #[arg(long, value_name = "gc:N|suspend:N|trap|end", value_parser = parse_moment)]
    #[arg(default_value = "end")]
    pub at: At,
    /// In which form
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Settings.
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Just before the Nth collection.
    Collection(u64),
    /// Just before the Nth suspension.
    Suspend(u64),
    /// When execution traps.
    Trap,
    /// When the function has returned.
    End,
}

fn parse_moment(text: &str) -> Result<At, String> {
    let number = |text: &str| text.parse().ok().filter(|&number| number > 0);
    match text.split_once(':') {
        None if text == "trap" => Some(At::Trap),
        None if text == "end" => Some(At::End),
        Some(("gc", n)) => number(n).map(At::Collection),
        Some(("suspend", n)) => number(n).map(At::Suspend),
        _ => None,
    }
    .ok_or_else(|| "expected gc:N, suspend:N (N from 1), trap or end".to_owned())
}

/// The form of a root set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// For Graphviz
    Dot,
    /// A page that needs nothing else
    Html,
}

/// `mangrove stress`.
#[derive(Debug, Args)]
pub struct StressArgs {
    /// The suites; all of them if none is named
    #[arg(value_name = "SUITE")]
    pub suites: Vec<String>,
    /// Where randomness starts
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Seconds for all suites together; each runs one round at least
    #[arg(long, value_name = "S")]
    pub time: Option<u64>,
    /// Settings.
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// Settings of the engine.
#[derive(Debug, Args)]
#[command(next_help_heading = "Engine")]
pub struct EngineArgs {
    /// Whether code calls the runtime at each switch, because `--trace` asks for it.
    #[arg(skip)]
    pub switches: bool,
    /// Collect beyond need: none, alloc, alloc:N, switch, call, move, joined with commas
    #[arg(long, value_name = "MODES", value_parser = parse_zeal)]
    pub zeal: Option<Zeal>,
    /// Most bytes of live objects, like 64M; less than 2G. A collection takes up to
    /// twice as much [default: 1G, or what address space and memory limit have room for]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub heap_max: Option<u64>,
    /// Bytes of each stack, like 64K [default: 256K for continuations, 1M for calls]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub stack_size: Option<u64>,
    /// Bytes of the stack that a call begins on, like 8M
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub initial_stack_size: Option<u64>,
    /// Most continuations at a time, like 1000 or 2M
    #[arg(long, value_name = "COUNT", value_parser = parse_size)]
    pub continuations_max: Option<u64>,
    /// Most bytes of stacks in use at a time, like 256M
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub stack_bytes_max: Option<u64>,
    /// Most continuations that may have resumed each other
    #[arg(long, value_name = "COUNT", value_parser = parse_size)]
    pub nesting_max: Option<u64>,
    /// Park what this many collections in a row have found untouched
    #[arg(long, value_name = "COUNT")]
    pub park_after: Option<u32>,
    /// Let collections park nothing while fewer stacks than this are in use
    #[arg(long, value_name = "COUNT", value_parser = parse_size)]
    pub park_keep: Option<u64>,
    /// Park an eighth when this many stacks are in use and one more is wanted
    #[arg(long, value_name = "COUNT", value_parser = parse_size)]
    pub park_most: Option<u64>,
    /// Park nothing
    #[arg(long, conflicts_with_all = ["park_after", "park_keep", "park_most"])]
    pub no_park: bool,
    /// Most bytes a memory may grow to, like 16M
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub memory_max: Option<u64>,
    /// How accesses to 32-bit memories are checked: by reserving 8 GiB for each, or
    /// with explicit comparisons [default: by reservation, explicitly where less than
    /// 64G of address space may be reserved]
    #[arg(long, value_enum, value_name = "HOW")]
    pub memory_checks: Option<Checks>,
    /// Most bytes of address space to reserve for heap, stacks, memories, types and
    /// code together, like 1G [default: three quarters of what ulimit -v leaves]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub address_space: Option<u64>,
    /// Most bytes of memory for heap (twice --heap-max), stacks, memories and tables
    /// together, like 256M; cgroup for what the control group's memory.max leaves
    #[arg(long, value_name = "SIZE|cgroup", value_parser = parse_memory_limit)]
    pub memory_limit: Option<MemoryLimit>,
    /// Most elements a table may grow to, like 1000 or 2M
    #[arg(long, value_name = "COUNT", value_parser = parse_size)]
    pub table_max: Option<u64>,
    /// Most instances in a store
    #[arg(long, value_name = "COUNT", value_parser = parse_size)]
    pub instances_max: Option<u64>,
    /// Most calls from the host that may be active inside each other
    #[arg(long, value_name = "COUNT", value_parser = parse_size)]
    pub activations_max: Option<u64>,
    /// How hard to optimise
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub opt_level: Option<Level>,
    /// Give the canonical NaN wherever arithmetic gives one
    #[arg(long)]
    pub canonical_nans: bool,
    /// How to guard the low end of stacks
    #[arg(long, value_enum, value_name = "KIND")]
    pub guard: Option<GuardKind>,
    /// Start each continuation on a stack whose memory is new: slow, for tests
    #[arg(long)]
    pub fresh_stacks: bool,
    /// Validate modules as Wasm 3.0, without stack switching
    #[arg(long)]
    pub no_stack_switching: bool,
}

/// How the low end of a stack is guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GuardKind {
    /// Lightweight where the kernel has it
    Auto,
    /// Guard regions, of Linux 6.13 and later
    Lightweight,
    /// Protected pages: two mappings to a stack
    Mprotect,
}

/// How accesses to 32-bit memories are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Checks {
    /// By reservation where there is much address space, else explicitly
    Auto,
    /// By reserving what an access can address
    Reservation,
    /// By comparing with the memory's size
    Explicit,
}

/// How hard to optimise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// Operands and locals in the frame, as in functions too large for another level
    Frame,
    /// Quick compilation
    None,
    /// Fast code
    Speed,
}

impl Cli {
    /// Passes on what a channel needs of the engine.
    pub fn prepare(mut self) -> Self {
        let engine = match &mut self.command {
            Command::Run(args) => &mut args.engine,
            Command::Compile(args) => &mut args.engine,
            Command::Wast(args) => &mut args.engine,
            Command::Roots(args) => &mut args.engine,
            Command::Stress(args) => &mut args.engine,
        };
        engine.switches = self.trace.contains(&Channel::Switch);
        self
    }
}

impl EngineArgs {
    /// The engine's settings; what is not given keeps its default.
    pub fn config(&self) -> Config {
        let mut config = Config::new();
        if let Some(zeal) = self.zeal {
            config.zeal(zeal);
        }
        if let Some(bytes) = self.heap_max {
            config.heap_max(bytes);
        }
        if let Some(bytes) = self.stack_size {
            config.stack_size(count(bytes));
        }
        if let Some(bytes) = self.initial_stack_size {
            config.initial_stack_size(count(bytes));
        }
        if let Some(most) = self.continuations_max {
            config.continuations_max(count(most));
        }
        if let Some(bytes) = self.stack_bytes_max {
            config.stack_bytes_max(bytes);
        }
        if let Some(most) = self.nesting_max {
            config.nesting_max(count(most));
        }
        config.park(self.park_policy());
        if let Some(bytes) = self.memory_max {
            config.memory_max(bytes);
        }
        match self.memory_checks {
            Some(Checks::Auto) => config.memory_checks(MemoryChecks::Auto),
            Some(Checks::Reservation) => config.memory_checks(MemoryChecks::Reservation),
            Some(Checks::Explicit) => config.memory_checks(MemoryChecks::Explicit),
            None => &mut config,
        };
        if let Some(bytes) = self.address_space {
            config.address_space(bytes);
        }
        if let Some(limit) = self.memory_limit {
            config.memory_limit(limit);
        }
        if let Some(elements) = self.table_max {
            config.table_max(elements);
        }
        if let Some(most) = self.instances_max {
            config.instances_max(count(most));
        }
        if let Some(most) = self.activations_max {
            config.activations_max(count(most));
        }
        config.hooks(Hooks {
            switches: self.switches,
            ..Hooks::default()
        });
        config.canonical_nans(self.canonical_nans);
        config.stack_switching(!self.no_stack_switching);
        config.fresh_stacks(self.fresh_stacks);
        match self.guard {
            Some(GuardKind::Auto) => config.guard(Guard::Auto),
            Some(GuardKind::Lightweight) => config.guard(Guard::Lightweight),
            Some(GuardKind::Mprotect) => config.guard(Guard::Mprotect),
            None => &mut config,
        };
        match self.opt_level {
            Some(Level::Frame) => config.opt_level(OptLevel::Frame),
            Some(Level::None) => config.opt_level(OptLevel::None),
            Some(Level::Speed) => config.opt_level(OptLevel::Speed),
            None => &mut config,
        };
        config
    }
}

impl EngineArgs {
    fn park_policy(&self) -> ParkPolicy {
        if self.no_park {
            return ParkPolicy::NEVER;
        }
        let policy = ParkPolicy::default();
        ParkPolicy {
            after: self.park_after.unwrap_or(policy.after),
            keep: self.park_keep.map_or(policy.keep, count),
            most: self.park_most.map_or(policy.most, count),
        }
    }
}

/// A count of things in memory; one that does not fit limits nothing.
fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn parse_zeal(text: &str) -> Result<Zeal, String> {
    text.parse()
        .map_err(|error: mangrove::Error| error.to_string())
}

/// A number, with K, M or G for 2 to the power of 10, 20 or 30.
fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match &text[digits.len()..] {
        "" => 0,
        "K" | "k" => 10,
        "M" | "m" => 20,
        "G" | "g" => 30,
        _ => return Err("expected a number, with K, M or G behind it if you like".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "expected a number".to_owned())?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| "too large".to_owned())
}

/// A size, or `cgroup`.
fn parse_memory_limit(text: &str) -> Result<MemoryLimit, String> {
    match text {
        "cgroup" => Ok(MemoryLimit::Cgroup),
        _ => parse_size(text)
            .map(MemoryLimit::Bytes)
            .map_err(|error| format!("{error}, or cgroup")),
    }
}

/// Seconds, with a fraction if need be; at least a hundredth.
fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "expected seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|&time| time >= Duration::from_millis(10))
        .ok_or_else(|| "expected at least 0.01 seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_size("64K"), Ok(65536));
        assert_eq!(parse_size("2G"), Ok(2 << 30));
        assert_eq!(parse_size("7"), Ok(7));
        for text in ["", "K", "1T", "-1", "1.5M", "99999999999G", "1MB"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn memory_limits() {
        assert_eq!(parse_memory_limit("64M"), Ok(MemoryLimit::Bytes(64 << 20)));
        assert_eq!(parse_memory_limit("cgroup"), Ok(MemoryLimit::Cgroup));
        assert!(parse_memory_limit("group").is_err());
    }

    #[test]
    fn seconds() {
        assert_eq!(parse_seconds("0.5"), Ok(Duration::from_millis(500)));
        for text in ["", "0", "-1", "nan", "inf", "1e30", "prog.wat"] {
            assert!(parse_seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments() {
        assert_eq!(parse_moment("gc:3"), Ok(At::Collection(3)));
        assert_eq!(parse_moment("suspend:1"), Ok(At::Suspend(1)));
        assert_eq!(parse_moment("end"), Ok(At::End));
        for text in ["gc", "gc:0", "gc:x", "trap:1", "start", ""] {
            assert!(parse_moment(text).is_err(), "{text}");
        }
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
