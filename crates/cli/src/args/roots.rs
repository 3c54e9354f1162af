//! `mangrove roots`, on the command line.

use super::engine::EngineArgs;
use super::numbers::parse_seconds;
use super::target::Target;
use clap::parser::ValueSource;
use clap::{ArgGroup, ArgMatches, Args, Command, ValueEnum};
use mangrove::StopAt;
use mangrove_inspect::questions::{Filter, NodeName};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How one finds out what keeps something alive.
const AFTER: &str = "\
Find a leak:
  mangrove roots FILE --invoke NAME            what there is at the end, and what leaks most likely
  mangrove roots FILE --invoke NAME --why 7    what keeps continuation 7, step by step

NODE is what is shown as a node's name, or short: 7 (a continuation), 7.0 (its innermost
frame), 0x1040 (an object), 'table 0', 'global $pool'.

A snapshot that was saved needs no program, and nothing runs:
  mangrove roots FILE --invoke NAME --at gc:1 --save before.snapshot
  mangrove roots before.snapshot --open 7

Two moments of one run, and what changed between them:
  mangrove roots FILE --invoke NAME --at gc-full:1 --at gc-full:9 --diff
  mangrove roots before.snapshot after.snapshot --diff

A program that runs, and goes on (mangrove run FILE --inspect PATH):
  mangrove roots --attach PATH --view shapes
  mangrove roots --attach PATH --serve         a page of it, for a browser on this machine

Exit codes: 0 shown; 1 the moment never came; 2 bad usage, or no such node; 3 memory was
refused; 134 the program trapped before the moment came.";

/// `mangrove roots`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
#[command(group = ArgGroup::new("question").args(["view", "suspects", "why", "open", "what_if_drop"]))]
pub struct RootsArgs {
    /// What to run, or a saved snapshot.
    #[command(flatten)]
    pub target: Target,
    /// Look at a program that runs: FILE is the socket of mangrove run --inspect FILE
    #[arg(long, conflicts_with_all = ["at", "invoke"])]
    pub attach: bool,
    /// Wait so many seconds for it to come to a place where it can be looked at
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, default_value = "10")]
    #[arg(requires = "attach")]
    pub wait: Duration,
    /// Serve a page of it on 127.0.0.1, made anew each time it is loaded, at this port or any
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "0")]
    #[arg(requires = "attach", conflicts_with_all = ["question", "filter", "diff", "save", "out"])]
    pub serve: Option<u16>,
    /// When to look: just before the Nth collection (gc:N, gc-minor:N, gc-full:N), suspension
    /// (suspend:N) or resumption (resume:N); at a trap; when a function is entered
    /// (enter:NAME, enter:NAME:N) or a byte offset reached (at:0x1a4, at:0x1a4:N); after so
    /// many seconds (after:2.5); at the end. Several times: several moments of one run
    /// [default: end]
    #[arg(long, value_name = "MOMENT")]
    pub at: Vec<StopAt>,
    /// What to show.
    #[command(flatten)]
    pub ask: Ask,
    /// How to show it.
    #[command(flatten)]
    pub show: Show,
    /// Settings.
    #[command(flatten)]
    pub engine: EngineArgs,
    /// The options that were given and are for a program that is to be run.
    #[arg(skip)]
    pub given: Vec<String>,
}

impl RootsArgs {
    /// Notes which options were given that mean nothing where nothing is run.
    pub fn note_given(&mut self, matches: &ArgMatches) {
        let engine = EngineArgs::augment_args(Command::new("engine"));
        let target = Target::augment_args(Command::new("target"));
        let options = target.get_arguments().chain(engine.get_arguments());
        let given = options.filter(|option| {
            matches.value_source(option.get_id().as_str()) == Some(ValueSource::CommandLine)
        });
        let names = given.filter_map(|option| Some(format!("--{}", option.get_long()?)));
        self.given = names.collect();
        if !self.at.is_empty() {
            self.given.push("--at".to_owned());
        }
    }

    /// The second of two saved snapshots that are compared: `roots A B --diff`.
    pub fn second(&self) -> Option<&Path> {
        match (&self.ask.diff, &self.target.args[..]) {
            (Some(None), [second]) if self.target.invoke.is_none() => Some(Path::new(second)),
            _ => None,
        }
    }
}

/// What is asked of a moment.
#[derive(Debug, Args)]
#[command(next_help_heading = "What to show")]
pub struct Ask {
    /// A part of what there is [default: summary]
    #[arg(long, value_enum, value_name = "VIEW")]
    pub view: Option<Part>,
    /// What leaks, most likely, and why: the same as --view suspects
    #[arg(long, alias = "leaks")]
    pub suspects: bool,
    /// What keeps a node alive: the way to it from the roots
    #[arg(long, value_name = "NODE")]
    pub why: Option<NodeName>,
    /// So many ways to it, the shortest first
    #[arg(long, value_name = "COUNT", default_value_t = 1, requires = "why")]
    pub ways: u32,
    /// What is in a node, and in what it refers to
    #[arg(long, value_name = "NODE")]
    pub open: Option<NodeName>,
    /// So many levels deep
    #[arg(long, value_name = "LEVELS", default_value_t = 3, requires = "open")]
    pub depth: u32,
    /// What would die if a node were gone, or several together
    #[arg(long, value_name = "NODE")]
    pub what_if_drop: Vec<NodeName>,
    /// What changed since the moment before (give --at twice), or since the snapshot in a file;
    /// of two saved ones: mangrove roots BEFORE AFTER --diff. With --suspects: what leaks, with
    /// what grew in mind
    #[arg(long, value_name = "SAVED", num_args = 0..=1)]
    pub diff: Option<Option<PathBuf>>,
    /// Only nodes that meet all of these, like 'type=$node' or 'function=$gen age>=3': a list
    /// of them, or with --view stacks their stacks. Conditions: kind, type, space, function,
    /// module, continuation, state, parked, age, bytes
    #[arg(long, value_name = "CONDITIONS", conflicts_with_all = ["suspects", "why", "open", "what_if_drop"])]
    pub filter: Option<Filter>,
}

/// How it is shown, and where.
#[derive(Debug, Args)]
#[command(next_help_heading = "How to show it")]
pub struct Show {
    /// In a program for the terminal: to move by keys, and to let what runs go on to its next
    /// collection or switch. It stops first where --at says, like --at gc:1, and without it at
    /// the first collection, or at the end
    #[arg(long, conflicts_with_all = ["format", "all", "limit", "out", "save", "view", "suspects", "why", "open", "what_if_drop", "filter"])]
    pub terminal: bool,
    /// In which form
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Everything, however much it is
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
    /// So much of each list [default: 20, of roots 200; json 1000; dot 200 nodes]
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<u32>,
    /// Write it to this file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Save the snapshot as well, for `mangrove roots FILE`. Of several moments each has its
    /// number in the file's name
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
}

/// A part of what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// How much there is, what leaks most likely, and the most of everything
    Summary,
    /// Every root: slots of frames, globals, tables, handles
    Roots,
    /// Continuations with their frames, the running ones first
    Stacks,
    /// Continuations that are alike, counted
    Shapes,
    /// Objects by type
    Types,
    /// What leaks, most likely, and why
    #[value(alias = "leaks")]
    Suspects,
    /// What changed: see --diff
    Diff,
}

/// The form in which a moment is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs: docs/schema/roots.schema.json
    Json,
    /// For Graphviz
    Dot,
    /// A page that needs nothing else
    Html,
    /// For Chrome's DevTools, and what else reads V8's heap snapshots
    Heapsnapshot,
}
