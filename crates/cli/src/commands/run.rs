//! `mangrove run`: call a function and print its results.

use super::{Program, missing};
use crate::args::{Report, RunArgs, Sort};
use crate::errors::Failure;
use crate::files::Files;
use crate::inspecting;
use crate::output::Output;
use crate::render;
use crate::render::alike::Alike;
use crate::timeline;
use crate::until;
use crate::watch::Watching;
use mangrove::{Hooks, ReportOptions, SortBy};
use std::time::Instant;

/// Bytes after which the text of a result ends.
const MOST_SHOWN: usize = 1 << 20;

/// Runs the command.
pub fn run(args: &RunArgs, output: &mut Output) -> Result<(), Failure> {
    let began = Instant::now();
    args.target.check()?;
    if let Some(timeline) = &args.timeline.timeline {
        Files::of_program(&args.target.file).written("--timeline", timeline)?;
    }
    let mut config = args.engine.config();
    args.until.set(&mut config);
    let looked_at = args.watch.is_some() || args.inspect.is_some();
    if looked_at {
        config.epoch_interruption(true);
    }
    // Whoever attaches sees slots by the locals they hold, and lines.
    config.debug_info(args.inspect.is_some());
    if args.timeline.timeline.is_some() {
        // Every switch is recorded.
        config.hooks(Hooks {
            switches: true,
            ..Hooks::default()
        });
    }
    let engine = super::engine(&config)?;
    let over = until::start(&engine, &args.until, began)?;
    if args.inspect.is_some() {
        // The socket is to be removed, and the code looks for its end anyway.
        engine.interrupt_on_ctrl_c().map_err(Failure::settings)?;
    }
    let mut program = Program::load(&engine, &args.target)?;
    until::limit(&mut program.store, &args.until, &over).map_err(Failure::settings)?;
    if looked_at {
        inspecting::go_on(&mut program.store, &over);
    }
    let server = args
        .inspect
        .as_ref()
        .map(|path| inspecting::listen(&mut program.store, &engine, path, &args.target.file));
    let server = server.transpose()?;
    let recording = timeline::start(&mut program.store, &args.target.file, &args.timeline)?;
    let watch = args.watch.map(|every| {
        let module = program.module.clone();
        Watching::start(&mut program.store, module, every, options(args), args.json)
    });
    let watch = watch.transpose()?;
    let result = execute(&mut program, args, output);
    drop(watch);
    drop(server);
    let recorded = recording.map_or(Ok(()), |r| r.finish(&mut program.store, output));
    let result = match (result, recorded) {
        (Ok(()), recorded) => recorded,
        (Err(failure), Ok(())) => Err(failure),
        // How the run ended is what was asked for.
        (Err(failure), Err(unwritten)) => {
            output.note(&unwritten.to_string());
            Err(failure)
        }
    };
    // A report on a run that trapped is the more wanted.
    if let Some(Report::Continuations) = args.report {
        report(&mut program, args, output)?;
    }
    result
}

fn report(program: &mut Program<'_>, args: &RunArgs, output: &mut Output) -> Result<(), Failure> {
    let report = program.store.continuations(options(args));
    let report = report.map_err(|error| Failure::engine(&args.target.file, error))?;
    let alike = Alike::of(&mut program.store);
    let alike = alike.map_err(Failure::Check)?;
    match args.json {
        true => output.line(&render::json(&alike.with(&report))?),
        false => output.text(&render::report::continuations(
            &report,
            &alike,
            &program.module,
        )),
    }
}

fn options(args: &RunArgs) -> ReportOptions {
    ReportOptions {
        top: usize::try_from(args.top).unwrap_or(usize::MAX),
        sort: match args.sort {
            Sort::Id => SortBy::Id,
            Sort::Age => SortBy::Age,
            Sort::Stack => SortBy::Stack,
            Sort::Roots => SortBy::Roots,
            Sort::Depth => SortBy::Depth,
        },
        resident: true,
    }
}

fn execute(program: &mut Program<'_>, args: &RunArgs, output: &mut Output) -> Result<(), Failure> {
    let instance = program.instantiate()?;
    let Some((func, values)) = program.function(instance, &args.target)? else {
        if let Some(hint) = missing::nothing_called(&program.module) {
            output.note(&hint);
        }
        return Ok(());
    };
    for result in program.call(func, &values)? {
        let shown = result.display(&program.store);
        output.line(&shown.depth(args.depth).bytes(MOST_SHOWN).to_string())?;
    }
    Ok(())
}
