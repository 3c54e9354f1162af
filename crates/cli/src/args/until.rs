//! What ends a program from outside, on the command line.

use super::numbers::{parse_seconds, parse_size};
use clap::Args;
use mangrove::Config;
use std::time::Duration;

/// When what runs is to end, whatever it does.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Interruption")]
pub struct Until {
    /// End with a trap after so many seconds, like 0.5, from the start of the command on
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    pub timeout: Option<Duration>,
    /// Let Ctrl-C end the program with a trap, and its backtrace; a second one ends the
    /// process. With --timeout and run --inspect it does so anyway
    #[arg(long)]
    pub interruptible: bool,
    /// Count instructions, and end with a trap when so many were executed, like 10M
    #[arg(long, value_name = "UNITS", value_parser = parse_size)]
    pub fuel: Option<u64>,
}

impl Until {
    /// Whether code looks at epochs.
    pub fn by_epoch(&self) -> bool {
        self.interruptible || self.timeout.is_some()
    }

    /// Has code look at what it needs.
    pub fn set(&self, config: &mut Config) {
        config
            .epoch_interruption(self.by_epoch())
            .consume_fuel(self.fuel.is_some());
    }
}

/// What compiled code looks at to be ended.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Interruption")]
pub struct Endings {
    /// Code for run --timeout and run --interruptible
    #[arg(long)]
    pub interruptible: bool,
    /// Code for run --fuel
    #[arg(long)]
    pub metered: bool,
}

impl Endings {
    /// Has code look at what it needs.
    pub fn set(&self, config: &mut Config) {
        config
            .epoch_interruption(self.interruptible)
            .consume_fuel(self.metered);
    }
}
