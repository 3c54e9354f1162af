//! What is run, on the command line.

use crate::errors::Failure;
use clap::Args;
use mangrove::printable;
use std::path::PathBuf;

/// Which function of which module to call, and with what.
#[derive(Clone, Debug, Args)]
pub struct Target {
    /// The module, in binary, in text or compiled; - is standard input
    pub file: PathBuf,
    /// Run a compiled module: its machine code is not checked, so it has to come
    /// from someone you trust as you trust a program
    #[arg(long)]
    pub allow_compiled: bool,
    /// The exported function to call
    #[arg(long, value_name = "NAME")]
    pub invoke: Option<String>,
    /// Let functions that are imported and unknown trap when they are called
    #[arg(long)]
    pub stub_imports: bool,
    /// Its arguments, as results are printed, by the types of its parameters: numbers
    /// in decimal or hexadecimal, nan, inf, null, (ref.i31 5), (extern 7)
    #[arg(allow_negative_numbers = true)]
    pub args: Vec<String>,
}

impl Target {
    /// Whether there is a function for the arguments.
    ///
    /// # Errors
    /// There is none.
    pub fn check(&self) -> Result<(), Failure> {
        match (&self.invoke, self.args.first()) {
            (None, Some(first)) => Err(Failure::Input(format!(
                "`{}` is an argument, and there is no function it is for: say --invoke NAME",
                printable(first)
            ))),
            _ => Ok(()),
        }
    }
}
