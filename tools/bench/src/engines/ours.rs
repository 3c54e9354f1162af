//! Mangrove, with its default settings; interrupted, if asked for.

use super::{FAR_DEADLINE, Interrupted, MUCH_FUEL, Run};
use super::{PRINT, START, printed};
use anyhow::{Context, Result, bail};
use mangrove::{Caller, Config, Engine, Func, Linker, Module, OptLevel, Store, Val};
use std::time::{Duration, Instant};

/// Compiles and instantiates a program.
pub fn load(program: &[u8], by: Interrupted, level: OptLevel) -> Result<Run> {
    let engine = Engine::new(config(by).opt_level(level))?;
    let module = Module::new(&engine, program)?;
    if module.exports().any(|export| export.name() == START) {
        return Ok(Box::new(move |_| start(&engine, &module)));
    }
    let (mut store, run) = instantiate(&engine, &module, by)?;
    Ok(Box::new(move |arg| call(run, &mut store, arg)))
}

/// Starts a new instance of a whole program.
fn start(engine: &Engine, module: &Module) -> Result<i64> {
    let mut store = Store::new(engine, 0)?;
    let mut linker = Linker::new(engine);
    linker.func_wrap(
        PRINT.0,
        PRINT.1,
        |mut caller: Caller<'_, i64>, character: i32| {
            let text = caller.data_mut();
            *text = printed(*text, character);
        },
    )?;
    let instance = linker.instantiate(&mut store, module)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, START)?;
    start.call(&mut store, ())?;
    Ok(*store.data())
}

/// Units of fuel that `run(arg)` uses.
#[cfg(test)]
pub fn fuel(wat: &str, arg: i32) -> Result<u64> {
    let engine = Engine::new(&config(Interrupted::Fuel))?;
    let module = Module::new(&engine, wat.as_bytes())?;
    let (mut store, run) = instantiate(&engine, &module, Interrupted::Fuel)?;
    let before = store.get_fuel()?;
    call(run, &mut store, arg)?;
    Ok(before - store.get_fuel()?)
}

fn instantiate(engine: &Engine, module: &Module, by: Interrupted) -> Result<(Store<()>, Func)> {
    let mut store = Store::new(engine, ())?;
    store.set_epoch_deadline(FAR_DEADLINE);
    if by == Interrupted::Fuel {
        store.set_fuel(MUCH_FUEL)?;
    }
    let instance = Linker::new(engine).instantiate(&mut store, module)?;
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
pub fn compile(
    wasm: &[u8],
    threads: usize,
    by: Interrupted,
    level: OptLevel,
) -> Result<(Duration, usize)> {
    let engine = Engine::new(config(by).opt_level(level).threads(threads))?;
    let start = Instant::now();
    let module = Module::new(&engine, wasm)?;
    Ok((start.elapsed(), module.exports().count()))
}
