//! `--trace`: what the runtime tells about itself, on standard error.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// What can be traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Channel {
    /// Stacks reserved, made, given back
    Stack,
    /// Continuations made by the runtime, thrown out of, trapped, collected, parked
    Cont,
    /// Each resume, suspend, switch, resume_throw
    Switch,
    /// Collections, and what the heap could not do
    Gc,
    /// The root set at each collection
    Roots,
    /// Code compiled and loaded
    Compile,
    /// Linear memories that could not grow, address space that could not be given back
    Memory,
    /// Resources that were refused while the program went on
    Resource,
    /// Signal handlers of others that break the runtime's
    Signals,
}

impl Channel {
    fn target(self) -> &'static str {
        match self {
            Self::Stack => "mangrove::stack",
            Self::Cont => "mangrove::cont",
            Self::Switch => "mangrove::switch",
            Self::Gc => "mangrove::gc",
            Self::Roots => "mangrove::roots",
            Self::Compile => "mangrove::compile",
            Self::Memory => "mangrove::memory",
            Self::Resource => "mangrove::resource",
            Self::Signals => "mangrove::signals",
        }
    }
}

/// Starts to write events of these channels to standard error.
pub fn start(channels: &[Channel]) {
    if channels.is_empty() {
        return;
    }
    let directives: Vec<_> = channels
        .iter()
        .map(|channel| format!("{}=trace", channel.target()))
        .collect();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(directives.join(",")))
        .with_writer(std::io::stderr)
        .without_time()
        .with_ansi(false)
        // Nowhere is left to say that standard error is closed or full.
        .log_internal_errors(false)
        .init();
}
