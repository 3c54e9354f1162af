//! Settings of the engine, and the words that say them: what a command prints of itself must
//! mean the same when it is typed again.

use crate::args::EngineArgs;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// The settings, and, for each that was given, its option and its value. Others have their
/// defaults.
#[derive(Debug)]
pub struct WordedEngineArgs {
    /// The settings.
    pub args: EngineArgs,
    /// The words, in the order in which help has the options.
    pub words: Vec<String>,
}

/// What was given of these options. No list of them is kept by hand, so none is forgotten.
fn words(matches: &ArgMatches) -> Vec<String> {
    let options = EngineArgs::augment_args(Command::new("engine"));
    let mut words = Vec::new();
    for option in options.get_arguments() {
        let id = option.get_id().as_str();
        let Some(long) = option.get_long() else {
            continue;
        };
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        if !option.get_action().takes_values() {
            words.push(format!("--{long}"));
            continue;
        }
        for value in matches.get_raw(id).into_iter().flatten() {
            words.push(format!("--{long}"));
            words.push(value.to_string_lossy().into_owned());
        }
    }
    words
}

impl FromArgMatches for WordedEngineArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        Ok(Self {
            words: words(matches),
            args: EngineArgs::from_arg_matches_mut(matches)?,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for WordedEngineArgs {
    fn augment_args(command: Command) -> Command {
        EngineArgs::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        EngineArgs::augment_args_for_update(command)
    }
}
