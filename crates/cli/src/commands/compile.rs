//! `mangrove compile`: machine code to a file, for later runs to load.

use crate::args::CompileArgs;
use crate::errors::{Failure, shown};
use crate::files::Files;
use crate::output::Output;
use mangrove::{COMPILED_MAGIC, MOST_INPUT};
use mangrove_wast::STANDARD_INPUT;
use std::path::Path;

/// Extension of compiled modules.
const EXTENSION: &str = "mgv";

/// Runs the command.
pub fn run(args: &CompileArgs, output: &mut Output) -> Result<(), Failure> {
    let mut config = args.engine.config();
    args.endings.set(&mut config);
    let engine = super::engine(&config)?;
    let in_file = |error| Failure::engine(&args.file, error);
    let to = match &args.output {
        Some(path) => path.clone(),
        None if args.file == Path::new(STANDARD_INPUT) => {
            let message = "standard input has no name to write beside: say --output";
            return Err(Failure::Input(message.to_owned()));
        }
        None => args.file.with_extension(EXTENSION),
    };
    let source = mangrove_wast::read_module(&args.file)?;
    if source.binary.starts_with(&COMPILED_MAGIC) {
        let file = shown(&args.file);
        return Err(Failure::Input(format!("{file}: is compiled already")));
    }
    Files::of_program(&args.file).written("--output", &to)?;
    let module = source.compile(&engine).map_err(in_file)?;
    let compiled = module.serialize().map_err(in_file)?;
    if compiled.len() as u64 > MOST_INPUT {
        let what = format!("{} bytes could not be read again", compiled.len());
        return Err(Failure::Input(format!("{}: {what}", shown(&to))));
    }
    std::fs::write(&to, &compiled).map_err(|error| Failure::unwritable(&to, &error))?;
    output.line(&format!("{}: {} bytes", shown(&to), compiled.len()))
}
