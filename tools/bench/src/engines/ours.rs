//! Mangrove, with its default settings; interrupted, if asked for.

use super::{FAR_DEADLINE, Interrupted, MUCH_FUEL, Run};
use anyhow::{Context, Result, bail};
use mangrove::{Config, Engine, Func, Linker, Module, Store, Val};
use std::time::{Duration, Instant};

/// Compiles and instantiates `wat`.
pub fn load(wat: &str, by: Interrupted) -> Result<Run> {
    let (mut store, run) = instantiate(wat, by)?;
    Ok(Box::new(move |arg| call(run, &mut store, arg)))
}

/// Units of fuel that `run(arg)` uses.
#[cfg(test)]
pub fn fuel(wat: &str, arg: i32) -> Result<u64> {
    let (mut store, run) = instantiate(wat, Interrupted::Fuel)?;
    let before = store.get_fuel()?;
    call(run, &mut store, arg)?;
    Ok(before - store.get_fuel()?)
}

fn instantiate(wat: &str, by: Interrupted) -> Result<(Store<()>, Func)> {
    let engine = Engine::new(&config(by))?;
    let module = Module::new(&engine, wat.as_bytes())?;
    let mut store = Store::new(&engine, ())?;
    store.set_epoch_deadline(FAR_DEADLINE);
    if by == Interrupted::Fuel {
        store.set_fuel(MUCH_FUEL)?;
    }
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let run = instance
        .func(&store, "run")
        .context("the program exports no function `run`")?;
    Ok((store, run))
}

fn call(run: Func, store: &mut Store<()>, arg: i32) -> Result<i64> {
    match run.call(store, &[Val::I32(arg)])?[..] {
        [Val::I64(checksum)] => Ok(checksum),
        ref other => bail!("`run` returned {other:?}, not one i64"),
    }
}

fn config(by: Interrupted) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(by == Interrupted::Epochs)
        .consume_fuel(by == Interrupted::Fuel);
    config
}

/// Makes a module of `wasm`.
pub fn compile(wasm: &[u8], threads: usize, by: Interrupted) -> Result<(Duration, usize)> {
    let engine = Engine::new(config(by).threads(threads))?;
    let start = Instant::now();
    let module = Module::new(&engine, wasm)?;
    Ok((start.elapsed(), module.exports().count()))
}
