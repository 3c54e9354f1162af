//! `mangrove validate`: whether modules are valid, and where they are not.

use crate::args::ValidateArgs;
use crate::errors::{Failure, shown};
use crate::output::Output;
use mangrove::{COMPILED_MAGIC, Engine};
use std::path::Path;

/// Runs the command.
pub fn run(args: &ValidateArgs, output: &mut Output) -> Result<(), Failure> {
    let engine = super::engine(&args.engine.config())?;
    let mut refused = Vec::new();
    for file in &args.files {
        match validate(&engine, file) {
            Ok(()) => output.line(&format!("{}: valid", shown(file)))?,
            // Nothing is known of this one, and the next may fare no better.
            Err(failure @ Failure::Resource { .. }) => return Err(failure),
            Err(failure) => refused.push(failure.to_string()),
        }
    }
    match refused.is_empty() {
        true => Ok(()),
        false => Err(Failure::Input(refused.join("\nerror: "))),
    }
}

fn validate(engine: &Engine, file: &Path) -> Result<(), Failure> {
    let source = mangrove_wast::read_module(file)?;
    if source.binary.starts_with(&COMPILED_MAGIC) {
        let message = "is compiled: only the module it was made from can be validated";
        return Err(Failure::Input(format!("{}: {message}", shown(file))));
    }
    source
        .validate(engine)
        .map_err(|error| Failure::engine(file, error))
}
