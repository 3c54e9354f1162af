//! `mangrove run`: call a function and print its results.

use super::Program;
use crate::args::{Report, RunArgs};
use crate::errors::Failure;
use crate::output::Output;
use crate::render;

/// Runs the command.
pub fn run(args: &RunArgs, output: &mut Output) -> Result<(), Failure> {
    let engine = super::engine(&args.engine.config())?;
    let mut program = Program::load(&engine, &args.target.file, args.target.allow_compiled)?;
    let result = execute(&mut program, args, output);
    // A report on a run that trapped is the more wanted.
    if let Some(Report::Continuations) = args.report {
        let report = program.store.report();
        if args.json {
            output.line(&render::json(&report)?)?;
        } else {
            output.text(&render::report::continuations(&report))?;
        }
    }
    result
}

fn execute(program: &mut Program<'_>, args: &RunArgs, output: &mut Output) -> Result<(), Failure> {
    let instance = program.instantiate()?;
    let Some((func, values)) = program.function(instance, &args.target)? else {
        return Ok(());
    };
    for result in program.call(func, &values)? {
        output.line(&mangrove_wast::display(&program.store, &result))?;
    }
    Ok(())
}
