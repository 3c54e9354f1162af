//! Whole programs on both engines: those that export `_start` and print with
//! `spectest.print_char`, as compilers emit them. Output must be equal; the
//! time is that of `_start`, without compilation.

use anyhow::{Context, Result};
use mangrove::{Caller, FuncType, Val, ValType};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Runs of each program on each engine, in turns; the fastest counts.
const RUNS: usize = 3;

/// What a program printed, and how long it took.
type Run = Result<(String, Duration)>;

/// Runs every `.wasm` of a folder, and returns whether the engines agree.
///
/// # Errors
/// When the folder cannot be read.
pub fn run(folder: &Path) -> Result<bool> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("reading {}", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "wasm")
    });
    paths.sort();
    let mut agree = true;
    println!("| program | mangrove | wasmtime | ratio | output |");
    println!("|-|-|-|-|-|");
    for path in paths {
        let wasm = std::fs::read(&path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let (mut ours, mut theirs) = (None, None);
        for _ in 0..RUNS {
            ours = Some(faster(ours, on_ours(&wasm)));
            theirs = Some(faster(theirs, on_theirs(&wasm)));
        }
        agree &= row(&name, ours.context("no run")?, theirs.context("no run")?);
    }
    Ok(agree)
}

/// The faster of two runs; a failure, or two outputs, must not be lost.
fn faster(old: Option<Run>, new: Run) -> Run {
    match (old, new) {
        (None, new) => new,
        (Some(Err(error)), _) | (_, Err(error)) => Err(error),
        (Some(Ok(old)), Ok(new)) if old.0 != new.0 => {
            Err(anyhow::anyhow!("printed {:?}, then {:?}", old.0, new.0))
        }
        (Some(Ok(old)), Ok(new)) => Ok(if old.1 < new.1 { old } else { new }),
    }
}

/// Prints a row of the table, and returns whether the engines agree.
fn row(name: &str, ours: Run, theirs: Run) -> bool {
    let cell = |run: &Run| match run {
        Ok((_, time)) => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        Err(error) => format!("failed: {error:#}"),
    };
    let (agree, ratio, output) = match (&ours, &theirs) {
        (Ok(a), Ok(b)) if a.0 == b.0 => {
            let ratio = a.1.as_secs_f64() / b.1.as_secs_f64();
            (true, format!("{ratio:.2}"), a.0.trim().replace('\n', " / "))
        }
        (Ok(a), Ok(b)) => (false, "-".to_owned(), format!("DIFFERS: {a:?}, {b:?}")),
        _ => (false, "-".to_owned(), "-".to_owned()),
    };
    println!(
        "| {name} | {} | {} | {ratio} | {output} |",
        cell(&ours),
        cell(&theirs)
    );
    agree
}

fn on_ours(wasm: &[u8]) -> Run {
    let engine = mangrove::Engine::new(&mangrove::Config::new())?;
    let module = mangrove::Module::new(&engine, wasm)?;
    let mut store = mangrove::Store::new(&engine, Vec::<u16>::new())?;
    let mut linker = mangrove::Linker::new(&engine);
    let ty = FuncType {
        params: vec![ValType::I32],
        results: Vec::new(),
    };
    let print = |mut caller: Caller<'_, Vec<u16>>, args: &[Val], _: &mut [Val]| {
        caller
            .data_mut()
            .extend(args[0].as_i32().map(|unit| unit as u16));
        Ok(())
    };
    linker.func("spectest", "print_char", ty, print)?;
    let instance = linker.instantiate(&mut store, &module)?;
    let start = instance.func(&store, "_start").context("no `_start`")?;
    let clock = Instant::now();
    start.call(&mut store, &[])?;
    let time = clock.elapsed();
    Ok((String::from_utf16_lossy(store.data()), time))
}

fn on_theirs(wasm: &[u8]) -> Run {
    theirs(wasm).map_err(|error| anyhow::anyhow!("{}", error.root_cause()))
}

fn theirs(wasm: &[u8]) -> wasmtime::Result<(String, Duration)> {
    use wasmtime::{Collector, Config, Engine, Linker, Module, Store};
    let mut config = Config::new();
    config
        .wasm_gc(true)
        .wasm_function_references(true)
        .wasm_exceptions(true)
        .wasm_tail_call(true)
        .max_wasm_stack(crate::ours::STACK)
        .collector(Collector::Copying);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, wasm)?;
    let mut store = Store::new(&engine, Vec::<u16>::new());
    let mut linker = Linker::new(&engine);
    let print = |mut caller: wasmtime::Caller<'_, Vec<u16>>, unit: i32| {
        caller.data_mut().push(unit as u16);
    };
    linker.func_wrap("spectest", "print_char", print)?;
    let instance = linker.instantiate(&mut store, &module)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    let clock = Instant::now();
    start.call(&mut store, ())?;
    let time = clock.elapsed();
    Ok((String::from_utf16_lossy(store.data()), time))
}
